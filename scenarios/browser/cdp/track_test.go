package cdp

import (
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/runtime"
)

// When a frame gets a process of its own, the process that it leaves may tell of the document that it had there only after
// the new one has told of its own. Two processes are two queues: the order in which they are read says nothing.
func TestLateWordFromTheProcessThatAFrameLeaves(t *testing.T) {
	const id = "FRAME"
	created := func(world string) *runtime.EventExecutionContextCreated {
		return &runtime.EventExecutionContextCreated{Context: &runtime.ExecutionContextDescription{
			UniqueID: world, Name: worldName, AuxData: jsonv2.Value(`{"isDefault":false,"type":"isolated","frameId":"` + id + `"}`),
		}}
	}
	destroyed := func(world string) *runtime.EventExecutionContextDestroyed {
		return &runtime.EventExecutionContextDestroyed{ExecutionContextUniqueID: world}
	}
	s := &session{changed: make(chan struct{})}
	tab := &target{s: s, id: "TAB", frames: map[cdp.FrameID]*frame{}, removed: map[cdp.FrameID]bool{}}
	tab.tab = tab
	inner := &target{s: s, id: id, tab: tab}
	steps := []struct {
		from  *target
		event any
		want  string
	}{
		{tab, created("blank"), "blank"},
		{inner, created("page"), "page"},
		{tab, destroyed("blank"), "page"},
		{tab, created("late"), "page"},
		{tab, destroyed("late"), "page"},
		{inner, destroyed("page"), ""},
		{tab, created("back"), "back"},
		{tab, created("newer"), "newer"},
		{tab, destroyed("newer"), ""},
	}
	for i, step := range steps {
		f := tab.frame(id)
		before := f.world(f.own)
		step.from.track(step.event)
		got := f.world(f.own)
		if name := worldID(got); name != step.want {
			t.Fatalf("after event %d the frame has the world %q, want %q", i, name, step.want)
		}
		if before != nil && got != before && worldID(before) != "blank" && !before.gone {
			t.Errorf("after event %d nobody who waits in %q is told that it is gone", i, worldID(before))
		}
	}
}

func worldID(w *world) string {
	if w == nil {
		return ""
	}
	return w.id
}
