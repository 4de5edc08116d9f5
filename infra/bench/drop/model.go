package main

import (
	"container/heap"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// model is a drop. It is simulated in these steps, each a tenth of a second long:
//
//  1. Diners press Book at the opening and after it, most of them soon (an exponential
//     distribution: nobody knows a better one, and its first second is the worst).
//  2. The tasks that run answer as many as they can, and no more than the database does.
//  3. Without a waiting room, requests above that wait in the tasks up to a limit; the rest
//     gets 503 with Retry-After, and comes again after it and some random time. Who comes
//     first is luck then. With one, diners get their place in a line.
//  4. Scaling adds tasks as its kind does; a task answers after its start.
//
// Each diner's patience ends. Not modelled: look-ups, which the page's cache takes; the
// network; a task that fails; that a cold task is slower.
type model struct {
	diners       int
	spread       time.Duration
	perTask      float64 // answers a second
	database     float64
	fewest, most int
	seed         uint64
}

// typical is what docs/aws.md assumes: the diners of the rush that Jari is for; for a task
// of one CPU a fifth of what two CPUs with everything on them answered (docs/bench/rush.json);
// for the database less than half of its rate on a RAM disk (docs/bench/booking.json).
var typical = model{
	diners: 110_000, spread: 5 * time.Second, perTask: 450, database: 4000, fewest: 2, most: 10, seed: 1,
}

const (
	step       = 100 * time.Millisecond
	perDiner   = 5 * time.Minute // a diner's patience
	queued     = time.Second     // of work that waits in a task, beyond which it refuses
	retryAfter = 2 * time.Second
	retryMore  = 3 * time.Second  // random, so that they do not all come at once
	taskStart  = 60 * time.Second // Fargate: pull the image, start, pass the health check
	outOfTurn  = 5 * time.Second

	largestStep = 200 // percent of the tasks that step scaling adds at most at once
)

// scaling says how many tasks are wanted at a time after the opening, if all are busy since
// then.
type scaling struct {
	name   string
	wanted func(m model, at time.Duration) int
}

const ahead = "ahead"

// scalings are how ECS can be told to scale. Reactive ones notice late: target tracking acts
// on three one-minute data points above the target, and then in proportion to how far it is;
// step scaling on one, and by its largest step, since a drop brings many times the requests of
// its threshold (both as in infra/aws/modules/service/scaling.tf).
var scalings = []scaling{
	{"none", func(m model, _ time.Duration) int { return m.fewest }},
	{"target tracking", func(m model, at time.Duration) int {
		wanted := float64(m.fewest)
		for since := 3 * time.Minute; since <= at; since += time.Minute {
			wanted = math.Ceil(wanted / 0.6) // 100 % busy, 60 % wanted
		}
		return int(wanted)
	}},
	{"step", func(m model, at time.Duration) int {
		wanted := m.fewest
		for since := time.Minute; since <= at && wanted < m.most; since += time.Minute {
			wanted += wanted * largestStep / 100
		}
		return wanted
	}},
	{ahead, func(m model, _ time.Duration) int { return m.most }},
}

func (m model) check() error {
	if m.diners < 1 || m.spread <= 0 || m.perTask <= 0 || m.database <= 0 || m.fewest < 1 || m.most < m.fewest {
		return errors.New("all figures must be above 0, and -max-tasks at least -min-tasks")
	}
	return nil
}

// tasks are those that answer at a time after the opening. Those that are there ahead have
// started before it.
func (m model) tasks(s scaling, at time.Duration) int {
	if s.name == ahead {
		return m.most
	}
	return min(m.most, max(m.fewest, s.wanted(m, at-taskStart)))
}

// diner presses for the first time at first, and for the next time at next.
type diner struct{ first, next, answered time.Duration }

// line is the diners by their next press.
type line []*diner

func (l line) Len() int           { return len(l) }
func (l line) Less(i, j int) bool { return l[i].next < l[j].next }
func (l line) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *line) Push(d any)        { *l = append(*l, d.(*diner)) }
func (l *line) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

func (m model) play(s scaling, room bool) row {
	r := rand.New(rand.NewPCG(m.seed, 0))
	all := make([]*diner, m.diners)
	coming := make(line, m.diners)
	for i := range all {
		at := time.Duration(r.ExpFloat64() * float64(m.spread))
		all[i] = &diner{first: at, next: at, answered: -1}
		coming[i] = all[i]
	}
	heap.Init(&coming)
	var waiting []*diner // in a task, or in the waiting room
	refusals, budget := 0, 0.0
	for now := time.Duration(0); len(coming)+len(waiting) > 0; now += step {
		rate := min(float64(m.tasks(s, now))*m.perTask, m.database)
		budget = math.Mod(budget, 1) + rate*step.Seconds()
		holds := m.diners // everybody has a place in the waiting room
		if !room {
			holds = int(rate*queued.Seconds() + budget)
		}
		var refused []*diner
		for len(coming) > 0 && coming[0].next <= now {
			d := heap.Pop(&coming).(*diner)
			switch {
			case now-d.first > perDiner: // gives up
			case len(waiting) < holds:
				waiting = append(waiting, d)
			default:
				refusals++
				d.next = now + retryAfter + time.Duration(r.Float64()*float64(retryMore))
				refused = append(refused, d)
			}
		}
		for _, d := range refused {
			heap.Push(&coming, d)
		}
		for len(waiting) > 0 && budget >= 1 {
			d := waiting[0]
			waiting = waiting[1:]
			if now-d.first > perDiner {
				continue // has left
			}
			d.answered, budget = now, budget-1
		}
	}
	return m.row(s, room, all, refusals)
}

func (m model) row(s scaling, room bool, all []*diner, refusals int) row {
	slices.SortFunc(all, func(a, b *diner) int { return int(a.first - b.first) })
	var waits []float64
	jumped := 0
	var latest time.Duration // answer of anybody who came outOfTurn earlier
	earlier := 0
	for _, d := range all {
		for ; all[earlier].first < d.first-outOfTurn; earlier++ {
			latest = max(latest, all[earlier].answered)
		}
		if d.answered < 0 {
			continue
		}
		waits = append(waits, (d.answered - d.first).Seconds())
		if d.answered < latest {
			jumped++
		}
	}
	slices.Sort(waits)
	share := func(n int) float64 { return rounded(100 * float64(n) / float64(len(all))) }
	at := func(q float64) float64 {
		if len(waits) == 0 {
			return math.NaN()
		}
		return rounded(waits[int(q*float64(len(waits)-1))])
	}
	return row{
		Scaling: s.name, WaitingRoom: room, P50: at(.5), P99: at(.99), Max: at(1), GaveUp: share(len(all) - len(waits)),
		Refusals: rounded(float64(refusals) / float64(len(all))), OutOfTurn: share(jumped), Tasks: m.tasks(s, time.Minute),
	}
}

// rounded is to one tenth, the length of a step.
func rounded(x float64) float64 { return math.Round(10*x) / 10 }
