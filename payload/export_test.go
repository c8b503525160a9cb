package payload

// Key is what a message is reduced to before it is hashed.
func Key(message string) string {
	var r reader
	r.read(message)
	return string(r.key)
}
