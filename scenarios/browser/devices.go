package browser

import (
	"math"
	"slices"
	"strings"
)

// Device is how a phone or tablet shows a page: its screen in portrait, and the rest of what a browser on it says of itself.
type Device struct {
	Name      string
	Viewport  Size // of the whole screen, as Chrome's device mode has it: the browser's bars are not taken away
	Emulation Emulation
}

// turned is what a device's name ends with when it is held sideways.
const turned = " landscape"

// Devices gives the devices that can be emulated, each upright and, as "iPhone 15 landscape", turned.
//
// A size is that of the screen: its pixels, which are in the makers' specifications (apple.com/iphone/compare,
// apple.com/ipad/compare, store.google.com, samsung.com), divided by how many of them make one CSS pixel. Apple's Human
// Interface Guidelines (Layout, Specifications) say that for Apple's; the others are the density that the device is sold
// with, over 160. Sizes of the oldest are as in Chrome DevTools' list of emulated devices.
func Devices() []Device {
	all := slices.Concat(apples(), androids())
	for _, d := range all {
		d.Name += turned
		d.Viewport.Width, d.Viewport.Height = d.Viewport.Height, d.Viewport.Width
		all = append(all, d)
	}
	return all
}

// FindDevice gives the device of a name, in small or capital letters.
func FindDevice(name string) (Device, bool) {
	for _, d := range Devices() {
		if strings.EqualFold(d.Name, strings.TrimSpace(name)) {
			return d, true
		}
	}
	return Device{}, false
}

// What the browsers of the devices say that they are. The version of the system, and for Chrome the model too, are the same
// on all devices since Safari 26 and Chrome 110. An iPad says that it is a Mac, but for the small one.
const (
	iPhoneAgent  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1"
	iPadAgent    = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15"
	miniAgent    = "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1"
	androidAgent = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36"
	tabletAgent  = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)

func device(name string, width, height int, scale float64, agent string) Device {
	return Device{name, Size{width, height}, Emulation{Scale: scale, Mobile: true, Touch: true, UserAgent: agent}}
}

// panel is device for one whose screen has so many pixels of its own. Half a CSS pixel counts, as Chrome has it.
func panel(name string, width, height int, scale float64, agent string) Device {
	size := func(n int) int { return int(math.Ceil(float64(n) / scale)) }
	return device(name, size(width), size(height), scale, agent)
}

func apples() []Device {
	var all []Device
	for _, d := range []struct {
		names         string
		width, height int
		scale         float64
		agent         string
	}{
		{"iPhone 8, iPhone SE", 375, 667, 2, iPhoneAgent}, // iPhone SE of the second and the third generation
		{"iPhone XR, iPhone 11", 414, 896, 2, iPhoneAgent},
		{"iPhone X, iPhone 11 Pro, iPhone 12 Mini, iPhone 13 Mini", 375, 812, 3, iPhoneAgent},
		{"iPhone 11 Pro Max", 414, 896, 3, iPhoneAgent},
		{"iPhone 12, iPhone 12 Pro, iPhone 13, iPhone 13 Pro, iPhone 14, iPhone 16e", 390, 844, 3, iPhoneAgent},
		{"iPhone 12 Pro Max, iPhone 13 Pro Max, iPhone 14 Plus", 428, 926, 3, iPhoneAgent},
		{"iPhone 14 Pro, iPhone 15, iPhone 15 Pro, iPhone 16", 393, 852, 3, iPhoneAgent},
		{"iPhone 14 Pro Max, iPhone 15 Plus, iPhone 15 Pro Max, iPhone 16 Plus", 430, 932, 3, iPhoneAgent},
		{"iPhone 16 Pro, iPhone 17, iPhone 17 Pro", 402, 874, 3, iPhoneAgent},
		{"iPhone 16 Pro Max, iPhone 17 Pro Max", 440, 956, 3, iPhoneAgent},
		{"iPhone Air", 420, 912, 3, iPhoneAgent},
		{"iPad Mini", 744, 1133, 2, miniAgent},
		{"iPad, iPad Air, iPad Air 11", 820, 1180, 2, iPadAgent}, // iPad of the tenth generation and later
		{"iPad Air 13", 1024, 1366, 2, iPadAgent},
		{"iPad Pro 11", 834, 1210, 2, iPadAgent},
		{"iPad Pro, iPad Pro 13", 1032, 1376, 2, iPadAgent},
	} {
		for name := range strings.SplitSeq(d.names, ", ") {
			all = append(all, device(name, d.width, d.height, d.scale, d.agent))
		}
	}
	return all
}

func androids() []Device {
	var all []Device
	for _, d := range []struct {
		names         string
		width, height int // of the screen's own pixels
		scale         float64
		agent         string
	}{
		{"Nexus 5", 1080, 1920, 3, androidAgent},
		{"Pixel 5", 1080, 2340, 2.75, androidAgent},
		{"Pixel 6, Pixel 6a, Pixel 7, Pixel 7a, Pixel 8, Pixel 8a", 1080, 2400, 2.625, androidAgent},
		{"Pixel 6 Pro, Pixel 7 Pro", 1440, 3120, 3.5, androidAgent},
		{"Pixel 8 Pro, Pixel 9 Pro XL, Pixel 10 Pro XL", 1344, 2992, 3, androidAgent},
		{"Pixel 9, Pixel 9a, Pixel 10", 1080, 2424, 2.625, androidAgent},
		{"Pixel 9 Pro, Pixel 10 Pro", 1280, 2856, 3, androidAgent},
		{"Galaxy S8+", 1440, 2960, 4, androidAgent},
		{"Galaxy S20 Ultra", 1440, 3200, 3.5, androidAgent},
		{"Galaxy S22, Galaxy S23, Galaxy S24, Galaxy S25", 1080, 2340, 3, androidAgent},
		{"Galaxy S22+, Galaxy S23+, Galaxy A55", 1080, 2340, 2.8125, androidAgent},
		{"Galaxy S22 Ultra, Galaxy S23 Ultra", 1440, 3088, 3.75, androidAgent},
		{"Galaxy S24+, Galaxy S24 Ultra, Galaxy S25+, Galaxy S25 Ultra", 1440, 3120, 3.75, androidAgent},
		{"Galaxy Tab S9", 1600, 2560, 2.125, tabletAgent},
		{"Galaxy Tab S9 Ultra, Galaxy Tab S10 Ultra", 1848, 2960, 2, tabletAgent},
		{"Galaxy Tab S10+", 1752, 2800, 2.125, tabletAgent},
	} {
		for name := range strings.SplitSeq(d.names, ", ") {
			all = append(all, panel(name, d.width, d.height, d.scale, d.agent))
		}
	}
	return all
}
