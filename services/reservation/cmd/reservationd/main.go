// Command reservationd sells seats: slots, bookings, cancellations, and the
// relay that delivers their events to the notification service.
package main

import (
	"jari.example/internal/serve"
	"jari.example/services/reservation/daemon"
	"jari.example/telemetry/names"
)

func main() { serve.Main(names.ServiceReservation, run) }

var run = daemon.Program(daemon.Plain)
