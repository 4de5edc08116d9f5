# Tasks that run once and end: by the clock, or started by the pipeline or a person.

data "aws_caller_identity" "this" {}

locals {
  account   = data.aws_caller_identity.this.account_id
  scheduled = { for k, j in var.jobs : k => j if j.schedule != null }

  assume = {
    for service in ["ecs-tasks", "scheduler"] : service => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = "${service}.amazonaws.com" }
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      }]
    })
  }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = var.jobs

  name              = "/${var.name}/jobs/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# Its rules are made from the table of calls.
resource "aws_security_group" "this" {
  # checkov:skip=CKV2_AWS_5: a schedule or the pipeline starts tasks with it
  for_each = var.jobs

  name        = "${var.name}-job-${each.key}"
  description = "Job ${each.key}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-job-${each.key}" }
}

resource "aws_ecs_task_definition" "this" {
  for_each = var.jobs

  family                   = "${var.name}-job-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.cpu
  memory                   = each.value.memory
  execution_role_arn       = aws_iam_role.execution[each.key].arn
  task_role_arn            = aws_iam_role.task[each.key].arn

  # Without a log router: a job must be able to say why it failed also when it has to repair what the router needs.
  container_definitions = jsonencode([{
    name                   = each.key
    image                  = each.value.image
    command                = each.value.command
    essential              = true
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    linuxParameters        = { initProcessEnabled = false, capabilities = { add = [], drop = ["ALL"] } }
    stopTimeout            = 60
    environment            = [for k in sort(keys(each.value.environment)) : { name = k, value = each.value.environment[k] }]
    secrets                = [for k in sort(keys(each.value.secrets)) : { name = k, valueFrom = each.value.secrets[k] }]
    mountPoints            = []
    portMappings           = []
    systemControls         = []
    volumesFrom            = []
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this[each.key].name
        awslogs-region        = var.region
        awslogs-stream-prefix = each.key
      }
    }
  }])

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }
}

resource "aws_sqs_queue" "failed" {
  name                      = "${var.name}-jobs-failed"
  message_retention_seconds = 1209600 # 14 days, the longest
  kms_master_key_id         = var.kms_key_arn
}

resource "aws_sqs_queue_policy" "failed" {
  queue_url = aws_sqs_queue.failed.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      # A denial of everything to everybody without TLS must be as wide as it is.
      Sid       = "OnlyTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = aws_sqs_queue.failed.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_scheduler_schedule" "this" {
  for_each = local.scheduled

  name                = "${var.name}-job-${each.key}"
  description         = "Starts the job ${each.key}"
  schedule_expression = each.value.schedule
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.cluster_arn
    role_arn = aws_iam_role.scheduler.arn

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.this[each.key].arn
      launch_type         = "FARGATE"
      propagate_tags      = "TASK_DEFINITION"

      network_configuration {
        subnets          = var.subnet_ids
        security_groups  = [aws_security_group.this[each.key].id]
        assign_public_ip = false
      }
    }

    dead_letter_config {
      arn = aws_sqs_queue.failed.arn
    }

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 5
    }
  }
}
