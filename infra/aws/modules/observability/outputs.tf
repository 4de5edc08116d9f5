output "topic_arn" {
  description = "ARN of the topic to which all alarms go."
  value       = aws_sns_topic.this.arn
}

output "alarm_names" {
  description = "Names of the alarms."
  value = sort(concat(
    [aws_cloudwatch_metric_alarm.load_balancer.alarm_name],
    [for a in aws_cloudwatch_metric_alarm.database_storage : a.alarm_name],
    [for a in aws_cloudwatch_metric_alarm.queue : a.alarm_name],
    [for a in aws_cloudwatch_metric_alarm.stream : a.alarm_name],
  ))
}
