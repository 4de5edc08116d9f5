output "origin_domain_name" {
  description = "Name of the load balancer, an origin of the distribution."
  value       = module.load_balancer.domain_name
}

output "instance_arns" {
  description = "PostgreSQL instance to its ARN, for a copy in another region."
  value       = { for k, i in module.rds : k => i.arn }
}

output "kms_key_arn" {
  description = "ARN of the region's key, for a copy of another region's catalogue here."
  value       = module.key.arn
}

output "repository_urls" {
  description = "Image to the repository to push it to."
  value       = module.registry.repository_urls
}

output "package_bucket" {
  description = "Bucket to which the functions' packages are copied."
  value       = module.registry.package_bucket
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.this.name
}

output "job_task_definition_arns" {
  description = "Job to its task definition."
  value       = module.jobs.task_definition_arns
}

output "jobs_before_tasks" {
  description = "Jobs that a deployment runs before it replaces tasks, in this order."
  # From the module, so that an apply of the jobs alone writes it.
  value = [
    for job in concat([for service in local.migrating : "migrate-${service}"], var.search == null ? [] : ["opensearch-access", "telemetry-setup"]) :
    job if contains(keys(module.jobs.task_definition_arns), job)
  ]

  precondition {
    condition     = toset(keys(local.opensearch_roles)) == toset(keys(local.opensearch_users))
    error_message = "opensearch-roles.json must have a role for each user of OpenSearch in secrets.tf, and no other."
  }
}

output "job_network" {
  description = "What a job that is started by hand needs: subnets, and its security group."
  value       = { subnets = module.network.private_subnet_ids, security_groups = module.jobs.security_group_ids }
}

output "tunnels" {
  description = "Database to the command that forwards a local port to it."
  value       = module.bastion.tunnels
}

output "secret_names" {
  description = "Secret to its name in Secrets Manager. Those of by_people have no value until somebody stores one."
  value = {
    generated = merge({ for k, s in module.password : k => s.name }, { for k, s in module.url : k => s.name })
    by_people = { for k, s in module.secret_by_people : k => s.name }
  }
}

output "calls" {
  description = "Calls that security groups allow, as from, to and port."
  value = concat(
    values(local.inside_calls),
    [for c in flatten(values(local.outside_calls)) : { from = c.from, to = c.to, port = 443 }],
  )
}

output "alarm_topic_arn" {
  description = "ARN of the topic of CloudWatch's alarms."
  value       = module.observability.topic_arn
}

output "most_connections" {
  description = "PostgreSQL instance to the connections that its services open at most."
  value       = { for k, c in terraform_data.connections : k => c.output }
}

output "variables" {
  description = "Program to the names of the variables that it gets."
  value = merge(
    { for service, program in local.programs : program => module.service[service].variables },
    { indexerd = module.indexer.variables, alertingwatch = module.alertingwatch.variables },
  )
}

output "job_variables" {
  description = "Job to its program and the names of the variables that it gets."
  value       = module.jobs.variables
}
