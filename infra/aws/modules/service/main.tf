# One service on Fargate: the program and the log router beside it.

data "aws_caller_identity" "this" {}

locals {
  account  = data.aws_caller_identity.this.account_id
  full     = "${var.name}-${var.service}"
  prefix   = upper(var.service)
  api_port = 8080
  ops_port = 8081
  user     = "65532:65532" # that of the images; here too, so that an image built otherwise does not run as root

  environment = merge({
    "${local.prefix}_HTTP_ADDR"     = "0.0.0.0:${local.api_port}"
    "${local.prefix}_OPS_ADDR"      = "0.0.0.0:${local.ops_port}"
    "${local.prefix}_CLOUD_REGION"  = var.region
    "${local.prefix}_OTLP_ENDPOINT" = "http://127.0.0.1:4318" # the log router: containers of a task share the address
  }, var.environment)

  from_elsewhere = merge(var.parameters, var.secrets)
  twice = setunion(
    setintersection(keys(local.environment), keys(local.from_elsewhere)),
    setintersection(keys(var.parameters), keys(var.secrets)),
  )

  app = merge({
    name                   = var.service
    image                  = var.image
    essential              = true
    command                = var.command
    user                   = local.user
    readonlyRootFilesystem = true
    # The program must be process 1: under an init process its last line, the panic, is often lost (decision 11).
    linuxParameters  = { initProcessEnabled = false, capabilities = { add = [], drop = ["ALL"] } }
    stopTimeout      = 60 # the program drains for 10 s; above that only a fault takes
    portMappings     = [for p in [local.api_port, local.ops_port] : { containerPort = p, hostPort = p, protocol = "tcp" }]
    environment      = [for k in sort(keys(local.environment)) : { name = k, value = local.environment[k] }]
    secrets          = [for k in sort(keys(local.from_elsewhere)) : { name = k, valueFrom = local.from_elsewhere[k] }]
    dependsOn        = [{ containerName = "log_router", condition = "HEALTHY" }]
    logConfiguration = { logDriver = "awsfirelens" } # no options: from them ECS would make another output
    mountPoints      = []
    systemControls   = []
    volumesFrom      = []
    },
    length(var.health_command) == 0 ? {} : {
      healthCheck = { command = var.health_command, interval = 10, timeout = 5, retries = 3, startPeriod = 30 }
  })

  log_router = {
    name                   = "log_router"
    image                  = var.log_router.image
    essential              = true
    user                   = "0" # the socket that ECS mounts belongs to root
    readonlyRootFilesystem = true
    # The command replaces the configuration that FireLens generates (fluentbit/conf/firelens.md).
    firelensConfiguration = { type = "fluentbit" }
    command               = ["/fluent-bit/bin/fluent-bit", "-e", "/jari/out_jari.so", "-c", "/jari/fluent-bit.yaml"]
    memoryReservation     = 100
    stopTimeout           = 60 # longer than the agent's grace of 30 s
    environment = [
      { name = "JARI_AGENT_DIR", value = "/agent" },
      { name = "JARI_AGENT_REGION", value = var.region },
    ]
    secrets     = [for k in sort(keys(var.log_router.secrets)) : { name = k, valueFrom = var.log_router.secrets[k] }]
    mountPoints = [{ sourceVolume = "agent", containerPath = "/agent", readOnly = false }]
    healthCheck = {
      command     = ["CMD", "/jari/probe", "http://127.0.0.1:2020/api/v1/health"] # the image has no shell
      interval    = 10
      timeout     = 5
      retries     = 3
      startPeriod = 10
    }
    # Its own lines go past OpenSearch, so that they are there when OpenSearch is not.
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.log_router.name
        awslogs-region        = var.region
        awslogs-stream-prefix = var.service
        mode                  = "non-blocking"
        max-buffer-size       = "4m"
      }
    }
    portMappings   = []
    systemControls = []
    volumesFrom    = []
  }
}

resource "aws_cloudwatch_log_group" "log_router" {
  name              = "/${var.name}/${var.service}/log-router"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# Its rules are made from the table of calls.
resource "aws_security_group" "this" {
  name        = local.full
  description = "Tasks of the service ${var.service}"
  vpc_id      = var.vpc_id

  tags = { Name = local.full }
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.full
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.size.cpu
  memory                   = var.size.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions    = jsonencode([local.app, local.log_router])

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.size.architecture
  }

  ephemeral_storage {
    size_in_gib = var.size.disk_gib
  }

  volume {
    name = "agent"
  }

  lifecycle {
    precondition {
      condition     = length(local.twice) == 0
      error_message = "Give each variable once, as environment, parameter or secret; twice: ${join(", ", local.twice)}."
    }
  }
}

resource "aws_service_discovery_service" "this" {
  name        = var.service
  description = "Tasks of the service ${var.service}"

  dns_config {
    namespace_id   = var.discovery_namespace_id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10 # a task that has gone is asked for at most this long
    }
  }

  # ECS says which tasks are healthy.
  health_check_custom_config {
    failure_threshold = 1
  }
}

resource "aws_ecs_service" "this" {
  name                               = var.service
  cluster                            = var.cluster.arn
  task_definition                    = aws_ecs_task_definition.this.arn
  launch_type                        = "FARGATE"
  desired_count                      = var.capacity.min
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  availability_zone_rebalancing      = "ENABLED"
  enable_execute_command             = false # the images have no shell
  propagate_tags                     = "SERVICE"
  health_check_grace_period_seconds  = var.load_balancer == null ? null : 60

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }

  service_registries {
    registry_arn = aws_service_discovery_service.this.arn
  }

  dynamic "load_balancer" {
    for_each = var.load_balancer == null ? [] : [var.load_balancer]
    content {
      target_group_arn = load_balancer.value.target_group_arn
      container_name   = var.service
      container_port   = local.api_port
    }
  }

  lifecycle {
    ignore_changes = [desired_count] # scaling changes it
  }

  depends_on = [aws_iam_role_policy.execution, aws_iam_role_policy.task]
}
