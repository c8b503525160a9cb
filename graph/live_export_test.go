package graph

// Following is how many subscriptions are followed.
func (h *Handler) Following() int { return len(h.streams) }
