output "zone_id" {
  description = "Id of the hosted zone, for the stacks of the regions."
  value       = aws_route53_zone.this.zone_id
}

output "name_servers" {
  description = "Name servers of the zone, which the registrar of the domain must name."
  value       = aws_route53_zone.this.name_servers
}

output "origin_domains" {
  description = "Label of a region → host name that its load balancer must have."
  value       = { for label, r in local.regions : label => r.origin_domain }
}

output "origin_secret_name" {
  description = "Name of the secret that the load balancers compare a header with; it is the same in every region."
  value       = aws_secretsmanager_secret.origin.name
}

output "origin_secret_header" {
  description = "Name of that header."
  value       = module.edge.origin_secret_header
}

output "distribution_id" {
  description = "Id of the distribution, for invalidations."
  value       = module.edge.distribution_id
}

output "distribution_domain_name" {
  description = "CloudFront's own name of the distribution, for a first test before the DNS records are known."
  value       = module.edge.distribution_domain_name
}

output "key_value_store_arn" {
  description = "ARN of the key-value store of the edge's function."
  value       = module.edge.key_value_store_arn
}

output "store" {
  description = "Content of that store."
  value       = module.edge.store
}

output "page_bucket" {
  description = "Name of the bucket that the built page is copied to."
  value       = module.page.bucket
}

output "delivery_role_arns" {
  description = "ARNs of the roles plan and apply of GitHub's workflows."
  value       = module.delivery.role_arns
}

output "boundary_arn" {
  description = "ARN of the permissions boundary that every role of the environment must have."
  value       = module.delivery.boundary_arn
}
