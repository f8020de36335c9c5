package webdriver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// rescuer stands by beside the driver, on a connection of its own to Chrome's DevTools. As long as a command is in flight the
// driver takes no other of its session, and a page whose JavaScript never ends keeps it for ever: the way to end that is this.
// It must be there before: to a page that is busy there is no coming. A nil rescuer does nothing.
type rescuer struct {
	address      func(tab string) string
	browserLevel bool // the address is of the browser, not of a tab

	mu   sync.Mutex
	line *line // to the current tab; nil: there is none
	left bool
}

// granted is what a driver says of the session that it opened.
type granted struct {
	Value struct {
		Capabilities struct {
			Chrome struct{ UserDataDir string }
			Edge   struct{ UserDataDir string } `json:"msedge"`
			// Of Chrome and of Edge:
			ChromeOptions struct{ DebuggerAddress string } `json:"goog:chromeOptions"`
			EdgeOptions   struct{ DebuggerAddress string } `json:"ms:edgeOptions"`
			Grid          string                           `json:"se:cdp"`
		}
	}
}

func readGranted(opened []byte) (g granted) {
	_ = json.Unmarshal(opened, &g) // what cannot be read is not there
	return g
}

// profile gives the name of the browser's folder.
func (g granted) profile() string {
	c := g.Value.Capabilities
	if dir := c.Chrome.UserDataDir + c.Edge.UserDataDir; dir != "" {
		return filepath.Base(dir)
	}
	return ""
}

// newRescuer finds the way in what the driver says of a session; nil: there is none.
func newRescuer(g granted, local bool) *rescuer {
	c := g.Value.Capabilities
	address := c.ChromeOptions.DebuggerAddress + c.EdgeOptions.DebuggerAddress
	switch {
	case local && address != "":
		return &rescuer{address: func(tab string) string { return "ws://" + address + "/devtools/page/" + tab }}
	case !local && c.Grid != "":
		return &rescuer{address: func(string) string { return c.Grid }, browserLevel: true}
	}
	return nil
}

// rescueLimit is for what needs no answer of a page: DevTools answers it even while the page is busy.
const rescueLimit = 3 * time.Second

// stand connects to a tab.
func (r *rescuer) stand(ctx context.Context, tab string) error {
	if r == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, rescueLimit)
	defer cancel()
	l, err := dial(ctx, r.address(tab))
	if err == nil && r.browserLevel {
		err = l.attach(ctx, tab)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.line != nil {
		r.line.close()
		r.line = nil
	}
	switch {
	case err != nil:
		l.close()
		return fmt.Errorf("reaching the browser beside its driver: %w", err)
	case r.left:
		l.close()
		return nil
	}
	r.line = l
	return nil
}

// send sends commands of the DevTools protocol to the current tab.
func (r *rescuer) send(ctx context.Context, methods ...string) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	l := r.line
	r.mu.Unlock()
	if l == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, rescueLimit)
	defer cancel()
	for _, method := range methods {
		if _, err := l.call(ctx, method, object{}); err != nil {
			return err
		}
	}
	return nil
}

// leave ends the connection for good.
func (r *rescuer) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = true
	r.line.close()
	r.line = nil
}

// line is one connection. Whoever calls gets the answer; events, of which there are hardly any, are dropped.
type line struct {
	connection *websocket.Conn
	session    string // of the protocol; empty: the connection is of a tab
	ended      chan struct{}

	mu      sync.Mutex
	last    int
	waiting map[int]chan answer
}

type answer struct {
	ID     int
	Result json.RawMessage
	Error  *struct{ Message string }
}

func dial(ctx context.Context, address string) (*line, error) {
	dialer := websocket.Dialer{HandshakeTimeout: rescueLimit}
	connection, response, err := dialer.DialContext(ctx, address, nil)
	if response != nil && response.Body != nil {
		_ = response.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	l := &line{connection: connection, ended: make(chan struct{}), waiting: map[int]chan answer{}}
	go l.read()
	return l, nil
}

func (l *line) read() {
	defer close(l.ended)
	for {
		var a answer
		if err := l.connection.ReadJSON(&a); err != nil {
			return
		}
		l.mu.Lock()
		waiting := l.waiting[a.ID]
		delete(l.waiting, a.ID)
		l.mu.Unlock()
		if waiting != nil {
			waiting <- a
		}
	}
}

// close ends the connection; its reader ends with it.
func (l *line) close() {
	if l != nil {
		_ = l.connection.Close()
		<-l.ended
	}
}

func (l *line) attach(ctx context.Context, tab string) error {
	raw, err := l.call(ctx, "Target.attachToTarget", object{"targetId": tab, "flatten": true})
	if err != nil {
		return err
	}
	var attached struct{ SessionID string }
	err = json.Unmarshal(raw, &attached)
	l.session = attached.SessionID
	return err
}

func (l *line) call(ctx context.Context, method string, params object) (json.RawMessage, error) {
	got := make(chan answer, 1)
	l.mu.Lock()
	l.last++
	id := l.last
	l.waiting[id] = got
	message := object{"id": id, "method": method, "params": params}
	if l.session != "" {
		message["sessionId"] = l.session
	}
	err := l.connection.WriteJSON(message)
	l.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case a := <-got:
		if a.Error != nil {
			return nil, fmt.Errorf("%s: %s", method, a.Error.Message)
		}
		return a.Result, nil
	case <-l.ended:
		return nil, errors.New("the browser closed the connection")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
