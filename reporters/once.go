package reporters

import (
	"encoding/json"
	"fmt"
)

// Once is Report for a channel of which nothing must be remembered but the version that was told last: it calls tell when n
// has a newer one, and gives the memory.
func Once(n Notice, raw json.RawMessage, tell func() error) (json.RawMessage, error) {
	var m struct {
		Told int `json:"told"`
	}
	if json.Unmarshal(raw, &m) != nil {
		m.Told, raw = 0, nil // one that cannot be read is as good as none
	}
	if m.Told >= n.Incident.Version {
		return raw, nil
	}
	if err := tell(); err != nil {
		return raw, err
	}
	return json.RawMessage(fmt.Sprintf(`{"told":%d}`, n.Incident.Version)), nil
}
