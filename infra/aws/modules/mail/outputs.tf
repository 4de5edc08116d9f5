output "identity_arn" {
  description = "ARN of the domain, for the policies of those who send."
  value       = aws_sesv2_email_identity.this.arn
}

output "configuration_set_name" {
  description = "Name of the configuration set."
  value       = aws_sesv2_configuration_set.this.configuration_set_name
}

output "configuration_set_arn" {
  description = "ARN of the configuration set, for the policies of those who send."
  value       = aws_sesv2_configuration_set.this.arn
}

output "feedback_topic_arn" {
  description = "ARN of the topic of bounces and complaints."
  value       = aws_sns_topic.feedback.arn
}
