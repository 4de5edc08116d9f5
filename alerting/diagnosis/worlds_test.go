package diagnosis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

const (
	worlds      = 500
	worldFields = 40
	maxValues   = 202
)

// values are lists of one name.
var values = func() (all [][]string) {
	for v := range maxValues {
		all = append(all, []string{name(v)})
	}
	return all
}()

// world is traffic of which some events are bad.
type world struct {
	events []Event
	cause  key // no value when there is none
	about  string
}

// newWorld draws a world: how many events, how many values each field has and how they
// are distributed, how many events are bad, whether lines have weights. With a cause,
// events with one value of one field are bad more often.
func newWorld(r *rand.Rand, planted bool) world {
	total := int(math.Exp(between(r, math.Log(400), math.Log(20000))))
	base := math.Exp(between(r, math.Log(0.002), math.Log(0.3))) // share of bad events without the cause
	base = math.Max(base, 30/float64(total))                     // with fewer, hardly anything could be significant
	fields := make([][]float64, worldFields)                     // cumulative distribution of the values
	for f := range fields {
		fields[f] = distribution(r, 2+int(math.Exp(between(r, 0, math.Log(200)))))
	}
	weighted := r.IntN(3) == 0
	w := world{about: fmt.Sprintf("%d events, weighted %v, base rate %.4f", total, weighted, base)}
	excess := 0.0
	if planted {
		field := r.IntN(worldFields)
		value := w.plant(r, fields[field])
		w.cause = key{field, name(value)}
		prevalence := fields[field][value]
		if value > 0 {
			prevalence -= fields[field][value-1]
		}
		// So strong that it is behind half to nearly all bad events.
		behind := between(r, 0.5, 0.98)
		base = math.Min(base, 0.9*prevalence*(1-behind)/behind)
		excess = base * behind / (1 - behind) / prevalence
		w.about += fmt.Sprintf(", cause %v in %.0f %% of events, behind %.0f %% of bad ones", w.cause, 100*prevalence, 100*behind)
	}
	bad, good := 0, 0
	for range total {
		at := draw(r, fields[w.cause.field])
		chance := base
		if planted && name(at) == w.cause.value {
			chance += excess
		}
		e := Event{Bad: r.Float64() < chance, Weight: 1}
		if e.Bad {
			bad++
		} else {
			good++
		}
		if e.Bad && bad > MaxSample || !e.Bad && good > MaxSample {
			continue
		}
		if weighted && r.IntN(4) == 0 {
			e.Weight = float64(1 + r.IntN(50))
		}
		for f, of := range fields {
			if f != w.cause.field {
				e.Values = append(e.Values, values[draw(r, of)])
			} else {
				e.Values = append(e.Values, values[at])
			}
		}
		w.events = append(w.events, e)
	}
	return w
}

// plant returns a value that 1 to 40 % of events have, or the most frequent one.
func (world) plant(r *rand.Rand, of []float64) int {
	var possible []int
	before := 0.0
	for v, sum := range of {
		if p := sum - before; p >= 0.01 && p <= 0.4 {
			possible = append(possible, v)
		}
		before = sum
	}
	if len(possible) == 0 {
		return len(of) - 1
	}
	return possible[r.IntN(len(possible))]
}

func between(r *rand.Rand, low, high float64) float64 { return low + r.Float64()*(high-low) }

func name(value int) string { return fmt.Sprint("v", value) }

// distribution draws a cumulative one: even, or some values are far more frequent.
func distribution(r *rand.Rand, values int) []float64 {
	all, sum, skew := make([]float64, values), 0.0, between(r, 0, 1.5)
	for v := range all {
		sum += math.Pow(float64(v+1), -skew)
		all[v] = sum
	}
	for v := range all {
		all[v] /= sum
	}
	return all
}

func draw(r *rand.Rand, of []float64) int {
	at, _ := slices.BinarySearch(of, r.Float64())
	return min(at, len(of)-1)
}

// seeded is the generator of one world, and how to find it again.
func seeded(seed uint64, n int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(n))) }

const seed = 20261129

// named counts the worlds in which what l names first is right, and reports some others.
func named(t *testing.T, l limits, worlds int, planted bool) (right int) {
	t.Helper()
	t.Logf("seed %d", seed)
	fields := make([]Field, worldFields)
	for n := range worlds {
		w := newWorld(seeded(seed, n), planted)
		found := l.compare(fields, w.events)
		first := key{}
		if len(found) > 0 {
			first = key{found[0].Field, found[0].Value}
		}
		if first == w.cause {
			right++
		} else {
			t.Logf("world %d of seed %d: %s: got %+v", n, seed, w.about, found)
		}
	}
	t.Logf("%d of %d", right, worlds)
	return right
}

func TestAPlantedCauseIsNamedFirst(t *testing.T) {
	if right := named(t, standard, worlds, true); right < worlds*95/100 {
		t.Errorf("named first in %d of %d worlds", right, worlds)
	}
}

func TestNothingIsNamedWhereNothingDiffers(t *testing.T) {
	if right := named(t, standard, worlds, false); right < worlds*95/100 {
		t.Errorf("named nothing in %d of %d worlds", right, worlds)
	}
}

// Negative control: without the correction for the number of values, chance has a name.
func TestWithoutTheCorrectionChanceIsNamed(t *testing.T) {
	l := standard
	l.corrected = false
	if right := named(t, l, worlds/5, false); right >= worlds/5*95/100 {
		t.Errorf("named nothing in %d of %d worlds", right, worlds/5)
	}
}
