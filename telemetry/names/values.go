package names

// Services lists the services that emit telemetry: the values of service.name.
var Services = []string{
	ServiceEdge, ServiceGateway, ServiceUser, ServiceReservation, ServiceSearch, ServiceIndexer, ServiceNotification,
	ServiceAlerting, ServiceWatch, ServiceAgent, ServiceLauncher,
}

// Queues lists the values of jari.queue.
var Queues = []string{QueueOutbox, QueueMails, QueueUrgentMails, QueueCatalogue}

// The values of http.route in the edge's access log.
const (
	EdgeRouteAPI  = "(api)"
	EdgeRoutePage = "(page)"
)

// Labels lists the labels that only metrics have. They are stored under Attributes.
var Labels = []string{GoMemoryType, CPUMode, PoolName, PoolState, Queue, EventKind, IncidentSeverity}
