package lineartest

import (
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"
)

// cacheStaleness is how old a refusal from the sold-out cache may be.
const cacheStaleness = time.Second

// History is every operation of one round.
type History struct {
	Seed       uint64
	covers     int8 // of each slot, at first
	overlap    bool // of the slots
	operations []operation
}

// operation is one call with its response.
type operation struct {
	client     int
	replica    int
	call       call
	start, end time.Duration // since the round began
	response
}

// response is a result as it came over HTTP.
type response struct {
	result
	fromCache   bool   // "latched": the sold-out cache refused it
	serverError string // of a 5xx response; the result is unknown then
}

// porcupineOperations are the operations in porcupine's terms. One without a
// response may take effect until the end of the history. A refusal from the
// sold-out cache becomes two, because only one of its observations may be stale.
func (h History) porcupineOperations() []porcupine.Operation {
	var end time.Duration
	row := 0 // of the picture: one for each client, and one for each special operation
	for _, o := range h.operations {
		end, row = max(end, o.end), max(row, o.client+1)
	}
	var list []porcupine.Operation
	for _, o := range h.operations {
		p := porcupine.Operation{
			ClientId: o.client, Input: input{len(list), o.call}, Output: o.result, Call: int64(o.start), Return: int64(o.end),
			Metadata: fmt.Sprintf("replica %d", o.replica),
		}
		switch {
		case o.reason == reasonUnknown:
			p.ClientId, p.Return = row, int64(end)
			row++
		case o.fromCache && o.reason == reasonSlotFull:
			key := o.call
			key.op = keyUnused
			p.Input = input{len(list), key}
			list = append(list, p)
			full := o.call
			full.op = slotWasFull
			p.Input, p.ClientId, p.Call = input{len(list), full}, row, int64(o.start-cacheStaleness)
			row++
		}
		list = append(list, p)
	}
	return list
}

// outcome is the kind of call and result, for statistics.
func (o operation) outcome() string {
	text := o.call.op.String() + " "
	switch {
	case o.fromCache:
		return text + o.reason + " from cache"
	case o.serverError != "":
		return text + o.serverError
	case o.reason != "":
		return text + o.reason
	case o.call.op == edit || o.call.op == leave:
		return text + "done"
	case o.replayed:
		return text + o.status.String() + " replayed"
	default:
		return text + o.status.String()
	}
}
