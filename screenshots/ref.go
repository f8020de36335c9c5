package screenshots

// Ref names one stored artifact by its content.
type Ref struct {
	SHA256 string `json:"sha256"` // hexadecimal, lower case
	Media  string `json:"media"`  // media type, as image/png
	Size   int64  `json:"size"`   // bytes
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"` // pixels; zero for what is no picture
}
