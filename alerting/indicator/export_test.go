package indicator

// AskAgain lets the next count ask which indices are old, as after a minute.
func (o *OpenSearch) AskAgain() {
	o.old.mu.Lock()
	defer o.old.mu.Unlock()
	o.old.asked = o.old.asked.Add(-refreshEvery)
}
