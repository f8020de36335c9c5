package browser_test

import (
	"strings"
	"testing"

	"trackwalker/scenarios/browser"
)

func TestDevices(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range browser.Devices() {
		if key := strings.ToLower(d.Name); seen[key] {
			t.Errorf("%s is there twice", d.Name)
		} else {
			seen[key] = true
		}
		upright := d.Viewport.Height > d.Viewport.Width
		if upright == strings.HasSuffix(d.Name, " landscape") {
			t.Errorf("%s is %d wide and %d high", d.Name, d.Viewport.Width, d.Viewport.Height)
		}
		e := d.Emulation
		apple := strings.HasPrefix(d.Name, "iP")
		if apple != strings.Contains(e.UserAgent, "Version/26.0") || apple == strings.Contains(e.UserAgent, "Android") || !e.Mobile || !e.Touch || e.Scale < 2 {
			t.Errorf("%s: %+v", d.Name, e)
		}
		if !seen[strings.TrimSuffix(strings.ToLower(d.Name), " landscape")] {
			t.Errorf("%s cannot be held upright", d.Name)
		}
	}
	for name, want := range map[string]browser.Size{
		"iphone 15": {393, 852}, "IPHONE 15 Landscape": {852, 393}, "iPhone SE": {375, 667}, "iPad Mini": {744, 1133},
		"Pixel 7": {412, 915}, "Pixel 5": {393, 851}, "Pixel 6 Pro": {412, 892}, "Galaxy S24": {360, 780}, "Galaxy S8+": {360, 740}, "Nexus 5": {360, 640},
		"Galaxy S25 Ultra": {384, 832},
	} {
		if d, ok := browser.FindDevice(name); !ok || d.Viewport != want {
			t.Errorf("%s: got %v, %v; want %v", name, d.Viewport, ok, want)
		}
	}
	if _, ok := browser.FindDevice("iPhone 3"); ok {
		t.Error("a device that is not known was found")
	}
}
