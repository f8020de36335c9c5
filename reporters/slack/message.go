package slack

import "trackwalker/reporters"

// message is what people read, to be dressed as blocks or for a terminal.
type message struct{ reporters.Message }

func build(n reporters.Notice) message { return message{reporters.Compose(n)} }
