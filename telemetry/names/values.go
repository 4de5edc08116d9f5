package names

// Services lists the services that emit telemetry: the values of service.name.
var Services = []string{
	ServiceGateway, ServiceUser, ServiceReservation, ServiceSearch, ServiceIndexer, ServiceNotification, ServiceAlerting, ServiceAgent,
}

// Queues lists the values of jari.queue.
var Queues = []string{QueueOutbox, QueueMails, QueueCatalogue}

// Labels lists the labels that only metrics have. They are stored under Attributes.
var Labels = []string{GoMemoryType, CPUMode, PoolName, PoolState, Queue, EventKind}
