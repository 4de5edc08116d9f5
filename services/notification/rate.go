package notification

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"jari.example/internal/fault"
	"jari.example/telemetry/names"
)

// Quota says how many mails the mail service accepts from our account.
type Quota interface {
	// MailsPerSecond returns how many mails may be sent in a second, more than 0.
	MailsPerSecond(ctx context.Context) (float64, error)
}

// FixedQuota is a number of mails per second that does not change.
type FixedQuota float64

// MailsPerSecond implements Quota.
func (q FixedQuota) MailsPerSecond(context.Context) (float64, error) { return float64(q), nil }

const (
	quotaInterval = 5 * time.Minute // the account's quota is raised now and then
	quotaPause    = time.Minute     // from one question to the next, however many mails are refused
	quotaTimeout  = 5 * time.Second

	// roundInterval is between rounds when mails wait for the quota. Few mails at a time
	// cost most: each round leases, and wakes processes up.
	roundInterval = 500 * time.Millisecond
)

// pace keeps the mails of one worker to a quota. Its bucket holds the mails of one
// second, so of t seconds at most t+1 seconds' mails are sent.
type pace struct {
	quota     Quota // nil: no limit
	logger    *slog.Logger
	bucket    atomic.Pointer[rate.Limiter] // nil until the quota is known: no limit
	throttled chan struct{}
	unknown   bool // the last question was not answered
}

func newPace(q Quota, logger *slog.Logger) *pace {
	return &pace{quota: q, logger: logger, throttled: make(chan struct{}, 1)}
}

// follow asks for the quota every five minutes, and after a mail was refused because
// there were too many, until ctx ends. read was called before.
func (p *pace) follow(ctx context.Context) {
	for p.quota != nil && rest(ctx, quotaPause) {
		if !p.unknown {
			select {
			case <-ctx.Done():
				return
			case <-p.throttled:
			case <-time.After(quotaInterval - quotaPause):
			}
		}
		p.read(ctx)
	}
}

// rest waits for d, and reports false if ctx ends before.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// read asks for the quota. Without an answer the last one holds.
func (p *pace) read(ctx context.Context) {
	if p.quota == nil {
		return
	}
	asking, cancel := context.WithTimeout(ctx, quotaTimeout)
	defer cancel()
	perSecond, err := p.quota.MailsPerSecond(asking)
	if err == nil && perSecond <= 0 {
		err = errors.New("it is not above 0")
	}
	if err != nil {
		if !p.unknown && ctx.Err() == nil {
			p.logger.WarnContext(ctx, "quota of the mail service unknown: the last known one holds, at first none; "+
				"with SES it needs the permission ses:GetAccount",
				names.EventName, names.EventMailRate, names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
		}
		p.unknown = true
		return
	}
	p.unknown = false
	limit, burst := rate.Limit(perSecond), max(int(perSecond), 1)
	bucket := p.bucket.Load()
	if bucket != nil && bucket.Limit() == limit {
		return
	}
	if bucket == nil {
		p.bucket.Store(rate.NewLimiter(limit, burst))
	} else {
		bucket.SetLimit(limit)
		bucket.SetBurst(burst)
	}
	p.logger.InfoContext(ctx, "quota of the mail service read", names.EventName, names.EventMailRate, names.MailRate, perSecond)
}

// wait waits until as many mails may be sent as are of half a second, and returns how
// many may be, at most limit. It returns 0 when stopping is closed before. After a calm
// second it does not wait.
func (p *pace) wait(stopping <-chan struct{}, limit int) int {
	for {
		bucket := p.bucket.Load()
		if bucket == nil {
			return limit
		}
		tokens := bucket.Tokens()
		enough := min(max(math.Floor(float64(bucket.Limit())*roundInterval.Seconds()), 1), float64(limit))
		if tokens >= enough {
			return min(int(tokens), limit)
		}
		missing := time.Duration((enough - tokens) / float64(bucket.Limit()) * float64(time.Second))
		select {
		case <-stopping:
			return 0
		case <-time.After(max(missing, time.Millisecond)): // a rounding error must not make it spin
		}
	}
}

// take counts n mails, of those that wait permitted.
func (p *pace) take(n int) {
	if bucket := p.bucket.Load(); bucket != nil {
		bucket.ReserveN(time.Now(), min(n, bucket.Burst()))
	}
}

// refused: the mail service has had too many mails, for example because another
// replica sends, too. No mail is sent for about a second, and the quota is asked again.
func (p *pace) refused() {
	if bucket := p.bucket.Load(); bucket != nil && bucket.Tokens() >= 0 { // of many refusals at once only the first counts
		bucket.ReserveN(time.Now(), bucket.Burst())
	}
	select {
	case p.throttled <- struct{}{}:
	default:
	}
}
