package notify

// Mistake is something in the configuration of a medium that only an operator can
// correct, such as a token that was revoked.
type Mistake struct {
	What string // such as "#incidents: find the channel: the bot is not a member"
	Do   string // what corrects it
}

func (m Mistake) String() string { return m.What + "; " + m.Do }
