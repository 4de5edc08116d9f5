mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:ap-northeast-2:123456789012:log-group:router" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/test" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/test:1" }
  }
  mock_resource "aws_service_discovery_service" {
    defaults = { arn = "arn:aws:servicediscovery:ap-northeast-2:123456789012:service/srv-test" }
  }
  mock_resource "aws_appautoscaling_policy" {
    defaults = { arn = "arn:aws:autoscaling:ap-northeast-2:123456789012:scalingPolicy:1:resource/ecs:policyName/test" }
  }
}

variables {
  name                   = "jari-test-kr"
  service                = "reservation"
  region                 = "ap-northeast-2"
  vpc_id                 = "vpc-1"
  subnet_ids             = ["subnet-1", "subnet-2"]
  cluster                = { arn = "arn:aws:ecs:ap-northeast-2:123456789012:cluster/jari-test-kr", name = "jari-test-kr" }
  discovery_namespace_id = "ns-1"
  image                  = "registry.example/reservationd@sha256:1111111111111111111111111111111111111111111111111111111111111111"
  repository_arns = [
    "arn:aws:ecr:ap-northeast-2:123456789012:repository/jari/reservationd",
    "arn:aws:ecr:ap-northeast-2:123456789012:repository/jari/agent",
  ]
  log_router = {
    image   = "registry.example/agent@sha256:2222222222222222222222222222222222222222222222222222222222222222"
    secrets = { JARI_OPENSEARCH_URL = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:opensearch-AbCdEf" }
  }
  kms_key_arn = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
  capacity    = { min = 2, max = 8 }
  connections = { per_task = 40, limit = 400 }
  environment = { RESERVATION_USER_URL = "http://user.jari.internal:8080" }
  parameters  = { RESERVATION_LOG_LEVEL = "arn:aws:ssm:ap-northeast-2:123456789012:parameter/RESERVATION_LOG_LEVEL" }
  secrets     = { RESERVATION_DATABASE_URL = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:database-AbCdEf" }
}

run "the_program_is_locked_in" {
  assert {
    condition = alltrue([
      for c in jsondecode(aws_ecs_task_definition.this.container_definitions) : c.readonlyRootFilesystem && c.essential
    ])
    error_message = "no container may write to its root, and none may die unnoticed"
  }
  assert {
    condition = (
      jsondecode(aws_ecs_task_definition.this.container_definitions)[0].user == "65532:65532" &&
      !jsondecode(aws_ecs_task_definition.this.container_definitions)[0].linuxParameters.initProcessEnabled
    )
    error_message = "the program runs as 65532 and is process 1"
  }
  assert {
    condition = alltrue([
      for c in jsondecode(aws_ecs_task_definition.this.container_definitions) : c.stopTimeout == 60
    ])
    error_message = "ECS must wait longer than a container drains"
  }
}

run "telemetry_goes_through_the_log_router" {
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].logConfiguration == { logDriver = "awsfirelens" }
    error_message = "the program's lines go to the log router, without options"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].dependsOn[0].condition == "HEALTHY"
    error_message = "the log router starts first, so that it stops last"
  }
  assert {
    condition = contains(
      jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment,
      { name = "RESERVATION_OTLP_ENDPOINT", value = "http://127.0.0.1:4318" },
    )
    error_message = "traces and metrics go to the log router"
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[1].logConfiguration.logDriver == "awslogs"
    error_message = "the log router's own lines go to CloudWatch"
  }
}

run "variables_come_from_where_they_are_kept" {
  assert {
    condition = toset([for s in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].secrets : s.name]) == toset([
      "RESERVATION_DATABASE_URL", "RESERVATION_LOG_LEVEL"
    ])
    error_message = "parameters and secrets are given by reference"
  }
}

run "the_start_role_reads_only_what_the_task_needs" {
  assert {
    condition = alltrue([
      for s in jsondecode(aws_iam_role_policy.execution.policy).Statement :
      !contains(flatten([s.Resource]), "*") || s.Sid == "LogInToTheRegistry"
    ])
    error_message = "only the log-in to ECR has no resource"
  }
  assert {
    condition     = length(aws_iam_role_policy.task) == 0
    error_message = "a program without statements may do nothing in AWS"
  }
}

run "a_failed_roll_out_goes_back" {
  assert {
    condition = (
      aws_ecs_service.this.deployment_circuit_breaker[0].enable &&
      aws_ecs_service.this.deployment_circuit_breaker[0].rollback &&
      aws_ecs_service.this.deployment_minimum_healthy_percent == 100
    )
    error_message = "old tasks stay until the new ones are healthy, or come back"
  }
  assert {
    condition     = !aws_ecs_service.this.network_configuration[0].assign_public_ip
    error_message = "a task must have no public address"
  }
}

run "without_a_load_balancer_there_are_no_steps" {
  assert {
    condition     = length(aws_appautoscaling_policy.requests) == 0 && length(aws_ecs_service.this.load_balancer) == 0
    error_message = "steps need the load balancer's count"
  }
}

run "behind_the_load_balancer_requests_add_tasks" {
  variables {
    load_balancer = {
      target_group_arn     = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/test/1"
      target_group_suffix  = "targetgroup/test/1"
      load_balancer_suffix = "app/test/1"
      requests_per_target  = 6000
    }
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.requests[0].threshold == 6000
    error_message = "the alarm has the given threshold"
  }
  assert {
    condition     = length(aws_appautoscaling_policy.requests[0].step_scaling_policy_configuration[0].step_adjustment) == 3
    error_message = "a greater rise adds more tasks"
  }
}

run "a_drop_scales_ahead" {
  variables {
    scheduled_capacity = [
      { name = "drop-begins", at = "2099-12-01T00:50:00", min = 8, max = 10 },
      { name = "drop-of-yesterday", at = "2026-11-01T00:50:00", min = 8, max = 10 },
      { name = "drop-ends", at = "2099-12-01T02:00:00", min = 2, max = 8 },
    ]
  }
  assert {
    condition     = aws_appautoscaling_scheduled_action.this["drop-begins"].schedule == "at(2099-12-01T00:50:00)"
    error_message = "each change is a scheduled action"
  }
  assert {
    condition     = length(aws_appautoscaling_scheduled_action.this) == 2
    error_message = "AWS refuses a time that has passed"
  }
  assert {
    condition     = output.most_connections == 400
    error_message = "the greatest scheduled number of tasks counts"
  }
}

run "rejects_more_connections_than_the_database_has" {
  command = plan
  variables {
    scheduled_capacity = [{ name = "drop", at = "2099-12-01T00:50:00", min = 8, max = 11 }]
  }
  expect_failures = [aws_appautoscaling_target.this]
}

run "rejects_a_variable_given_twice" {
  command = plan
  variables {
    environment = { RESERVATION_DATABASE_URL = "postgres://plain" }
  }
  expect_failures = [aws_ecs_task_definition.this]
}

run "rejects_an_image_by_tag" {
  command = plan
  variables {
    image = "registry.example/reservationd:latest"
  }
  expect_failures = [var.image]
}

run "rejects_a_pattern_of_actions" {
  command = plan
  variables {
    policy_statements = [{ sid = "All", actions = ["dynamodb:*"], resources = ["arn:aws:dynamodb:ap-northeast-2:123456789012:table/t"] }]
  }
  expect_failures = [var.policy_statements]
}
