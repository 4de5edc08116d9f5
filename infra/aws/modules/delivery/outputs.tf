output "role_arns" {
  description = "ARNs of the roles plan and apply, for the workflows."
  value       = { for k, r in aws_iam_role.this : k => r.arn }
}

output "boundary_arn" {
  description = "ARN of the permissions boundary, which every role of the environment must have."
  value       = aws_iam_policy.boundary.arn
}
