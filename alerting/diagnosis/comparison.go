package diagnosis

import (
	"cmp"
	"math"
	"slices"
)

// key is a value of a field.
type key struct {
	field int
	value string
}

// candidate is a value that is a finding unless another describes its events.
type candidate struct {
	Finding
	key key
}

// sums are the weights of the bad and good events of a field, and of their squares.
type sums struct{ bad, good, badSquares, goodSquares float64 }

func (s *sums) add(e Event) {
	if e.Bad {
		s.bad += e.Weight
		s.badSquares += e.Weight * e.Weight
		return
	}
	s.good += e.Weight
	s.goodSquares += e.Weight * e.Weight
}

// comparison is all that is known of the events.
type comparison struct {
	limits
	events []Event
	with   map[key][]int // the events that have a value, ascending
	all    []sums        // of each field
}

func newComparison(l limits, fields int, events []Event) comparison {
	c := comparison{l, events, map[key][]int{}, make([]sums, fields)}
	for n, e := range events {
		for field, values := range e.Values {
			if values == nil {
				continue
			}
			c.all[field].add(e)
			for k, value := range values {
				if !slices.Contains(values[:k], value) {
					c.with[key{field, value}] = append(c.with[key{field, value}], n)
				}
			}
		}
	}
	return c
}

// candidates are the values whose difference is large and not by chance.
func (c comparison) candidates() []candidate {
	var all []candidate
	for k := range c.with {
		f := c.finding(k, nil)
		f.Probability = c.probability(f)
		all = append(all, candidate{f, k})
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.Probability, b.Probability), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Value, b.Value))
	})
	sorted := make([]float64, len(all))
	for n, one := range all {
		sorted[n] = one.Probability
	}
	tests := len(all)
	all = all[:c.holm(sorted, tests)]
	for n := range all {
		all[n].Probability = math.Min(1, all[n].Probability*c.factor(tests-n))
	}
	return slices.DeleteFunc(all, func(one candidate) bool { return !c.differs(one.Finding, c.all[one.Field]) })
}

// finding counts the events with a value, without those that are described already; nil:
// none is.
func (c comparison) finding(k key, described []bool) Finding {
	f := Finding{Field: k.field, Value: k.value, BadOf: c.all[k.field].bad, GoodOf: c.all[k.field].good}
	for n, is := range described {
		switch e := c.events[n]; {
		case !is || e.Values[k.field] == nil:
		case e.Bad:
			f.BadOf -= e.Weight
		default:
			f.GoodOf -= e.Weight
		}
	}
	for _, n := range c.with[k] {
		switch {
		case described != nil && described[n]:
		case c.events[n].Bad:
			f.Bad += c.events[n].Weight
		default:
			f.Good += c.events[n].Weight
		}
	}
	return f
}

// overlap is the share of the events with either value that have both, from 0 to 1
// (Jaccard index). Bad and good events have the same say, however many they are. Events
// for which one of the fields is not known are left out.
func (c comparison) overlap(a, b candidate) float64 {
	var both, either sums
	in := map[int]int{}
	for _, of := range []candidate{a, b} {
		for _, n := range c.with[of.key] {
			in[n]++
		}
	}
	for n, times := range in {
		e := c.events[n]
		if e.Values[a.Field] == nil || e.Values[b.Field] == nil {
			continue
		}
		either.add(e)
		if times == 2 {
			both.add(e)
		}
	}
	bad, good := math.Max(1, math.Min(a.BadOf, b.BadOf)), math.Max(1, math.Min(a.GoodOf, b.GoodOf))
	return share(both.bad/bad+both.good/good, either.bad/bad+either.good/good)
}

// probability is that of so many bad events with the value, or more, if bad events were
// drawn from all at random (Fisher's exact test, one-sided). A line that stands for many
// events is no more independent evidence than one that stands for itself, so that as many
// events count as there are lines of equal weight (Kish's effective sample size).
func (c comparison) probability(f Finding) float64 {
	of := c.all[f.Field]
	bad := effective(of.bad, of.badSquares) * share(f.BadOf, of.bad) // of those that are left
	good := effective(of.good, of.goodSquares) * share(f.GoodOf, of.good)
	withBad, withGood := math.Round(bad*f.BadShare()), math.Round(good*f.GoodShare())
	return hypergeometricTail(withBad, math.Round(bad), withBad+withGood, math.Round(bad)+math.Round(good))
}

func effective(sum, squares float64) float64 {
	if squares == 0 {
		return 0
	}
	return sum * sum / squares
}

// hypergeometricTail is the probability of at least k marked ones among draws of total, of
// which marked are marked. It is summed up in logarithms from the tail's side: the
// libraries that have this distribution give the other side, which is 1 where this one is
// small.
func hypergeometricTail(k, draws, marked, total float64) float64 {
	if k <= math.Max(0, draws+marked-total) {
		return 1
	}
	sum, most := 0.0, math.Min(draws, marked)
	for ; k <= most; k++ {
		term := math.Exp(choose(marked, k) + choose(total-marked, draws-k) - choose(total, draws))
		sum += term
		if k > draws*marked/total && term < sum*1e-12 { // the terms only decrease from here
			break
		}
	}
	return math.Min(1, sum)
}

// choose is the logarithm of the binomial coefficient.
func choose(n, k float64) float64 {
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(k + 1)
	c, _ := math.Lgamma(n - k + 1)
	return a - b - c
}
