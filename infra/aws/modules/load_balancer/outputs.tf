output "dns_name" {
  description = "AWS's own name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "domain_name" {
  description = "Name under which CloudFront reaches it, for which the certificate is."
  value       = aws_route53_record.this.name
}

output "arn_suffix" {
  description = "The load balancer, as CloudWatch names it."
  value       = aws_lb.this.arn_suffix
}

output "security_group_id" {
  description = "Id of the security group."
  value       = aws_security_group.this.id
}

output "target_group_arn" {
  description = "ARN of the gateway's target group."
  value       = aws_lb_target_group.gateway.arn
  # ECS refuses a target group that no load balancer uses yet.
  depends_on = [aws_lb_listener_rule.gateway]
}

output "target_group_arn_suffix" {
  description = "The gateway's target group, as CloudWatch names it."
  value       = aws_lb_target_group.gateway.arn_suffix
}
