# Three ways to scale. Target tracking follows CPU; it needs about three minutes to add a task. Steps answer a sudden
# rise of requests in one minute. A drop is known before: its scheduled changes come ahead.

locals {
  # A drop that began yesterday is over.
  most_tasks = max(concat([var.capacity.max], [
    for s in var.scheduled_capacity : s.max if timecmp(timeadd("${s.at}Z", "24h"), plantimestamp()) > 0
  ])...)
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  resource_id        = "service/${var.cluster.name}/${aws_ecs_service.this.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = var.capacity.min
  max_capacity       = var.capacity.max

  lifecycle {
    # A scheduled change writes both numbers; without this, the next apply would undo it in the middle of a drop.
    ignore_changes = [min_capacity, max_capacity]

    precondition {
      condition = var.connections == null ? true : local.most_tasks * var.connections.per_task <= var.connections.limit
      error_message = join(" ", [
        "${local.most_tasks} tasks with ${try(var.connections.per_task, 0)} connections each are more than the",
        "${try(var.connections.limit, 0)} that the database accepts: lower max or the pool, or raise max_connections.",
      ])
    }
  }
}

resource "aws_appautoscaling_policy" "cpu" {
  name               = "${local.full}-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = var.capacity.cpu_target
    scale_out_cooldown = 30
    scale_in_cooldown  = 300 # a burst often comes back

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "requests" {
  count = var.load_balancer == null ? 0 : 1

  name               = "${local.full}-requests"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension

  # Percent, so that the step fits any number of tasks: half again as many, twice as many, three times as many.
  step_scaling_policy_configuration {
    adjustment_type          = "PercentChangeInCapacity"
    metric_aggregation_type  = "Average"
    min_adjustment_magnitude = 1
    cooldown                 = 60

    step_adjustment {
      metric_interval_lower_bound = 0
      metric_interval_upper_bound = var.load_balancer.requests_per_target
      scaling_adjustment          = 50
    }
    step_adjustment {
      metric_interval_lower_bound = var.load_balancer.requests_per_target
      metric_interval_upper_bound = 2 * var.load_balancer.requests_per_target
      scaling_adjustment          = 100
    }
    step_adjustment {
      metric_interval_lower_bound = 2 * var.load_balancer.requests_per_target
      scaling_adjustment          = 200
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "requests" {
  count = var.load_balancer == null ? 0 : 1

  alarm_name          = "${local.full}-requests-per-task"
  alarm_description   = "Adds tasks of ${var.service}; notifies nobody"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "RequestCountPerTarget"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = var.load_balancer.requests_per_target
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.requests[0].arn]

  dimensions = {
    LoadBalancer = var.load_balancer.load_balancer_suffix
    TargetGroup  = var.load_balancer.target_group_suffix
  }
}

# AWS refuses a time that has passed, and the list stays after a drop.
resource "aws_appautoscaling_scheduled_action" "this" {
  for_each = { for s in var.scheduled_capacity : s.name => s if timecmp("${s.at}Z", plantimestamp()) > 0 }

  name               = "${local.full}-${each.key}"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  schedule           = "at(${each.value.at})"
  timezone           = "UTC"

  scalable_target_action {
    min_capacity = each.value.min
    max_capacity = each.value.max
  }
}
