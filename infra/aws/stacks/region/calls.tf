# Who may call whom, from the table of calls. Each call between two parts of ours is two rules, one at each end; a call to
# AWS or to the internet is one.

locals {
  calls = jsondecode(file("${path.module}/../../calls.json"))

  # Ports of those who are called. The load balancer also asks the gateway's ops port for its health.
  ports = merge(
    { for s in keys(local.programs) : s => [8080] },
    { gateway = [8080, 8081], redis = [6379], opensearch = [443] },
    { for i in keys(var.instances) : "postgres-${i}" => [5432] },
  )

  # Those without a security group of ours, and what a rule to them names. Two that share a name share a rule: AWS
  # refuses a second one that is equal.
  outside = { dynamodb = "dynamodb", ses = "internet", slack = "internet" }

  jobs = concat(
    ["index-rebuild", "opensearch-access", "telemetry-prune", "telemetry-setup"],
    [for s in local.migrating : "migrate-${s}"],
  )
  functions = ["alertingwatch", "indexer"]

  security_group = merge(
    { for s in keys(local.programs) : s => module.service[s].security_group_id },
    { for j in local.jobs : j => module.jobs.security_group_ids[j] },
    { for i in keys(var.instances) : "postgres-${i}" => module.rds[i].security_group_id },
    {
      indexer       = module.indexer.security_group_id
      alertingwatch = module.alertingwatch.security_group_id
      bastion       = module.bastion.security_group_id
      load-balancer = module.load_balancer.security_group_id
      redis         = module.cache.security_group_id
    },
    var.search == null ? {} : { opensearch = module.search[0].security_group_id },
  )

  # The log router is in every service's task, with the task's address.
  callers = {
    log-router = keys(local.programs)
  }

  # A call to a database goes to the instance that has it; people may reach all instances.
  called = {
    for c in local.calls : "${c.to}/${try(c.database, "")}" => (
      c.to != "postgres" ? [c.to] :
      can(c.database) ? ["postgres-${local.instance_of[c.database]}"] :
      [for i in keys(var.instances) : "postgres-${i}"]
    )...
  }

  pairs = distinct(flatten([
    for c in local.calls : [
      for from in lookup(local.callers, c.from, [c.from]) : [
        for to in local.called["${c.to}/${try(c.database, "")}"][0] : { from = from, to = to }
      ]
    ]
  ]))

  # Kept by whether both ends have a security group here; names are known before anything exists.
  inside_names = concat(
    keys(local.programs), local.jobs, local.functions, ["bastion", "load-balancer", "redis"],
    [for i in keys(var.instances) : "postgres-${i}"], var.search == null ? [] : ["opensearch"],
  )

  inside_calls = merge([
    for p in local.pairs : {
      for port in local.ports[p.to] : "${p.from} to ${p.to}:${port}" => { from = p.from, to = p.to, port = port }
    } if contains(local.inside_names, p.from) && contains(local.inside_names, p.to)
  ]...)

  outside_calls = {
    for p in local.pairs : "${p.from} to ${local.outside[p.to]}:443" => { from = p.from, to = p.to }...
    if contains(local.inside_names, p.from) && contains(keys(local.outside), p.to)
  }

  # Known: internet to CloudFront to load balancer (the edge, and the load balancer's own rule); the stream, which Lambda
  # reads for the function; CloudWatch, behind the endpoints below.
  elsewhere = ["cloudfront", "load-balancer", "dynamodb-stream", "cloudwatch"]

  forgotten = [
    for p in local.pairs : "${p.from} to ${p.to}"
    if !contains(concat(local.inside_names, keys(local.outside), local.elsewhere, ["opensearch"]), p.to) ||
    !contains(concat(local.inside_names, ["internet", "cloudfront"]), p.from)
  ]

  # Everything of ours that runs programs needs images, secrets, parameters and logs from AWS.
  on_platform = concat(keys(local.programs), local.jobs, local.functions, ["bastion"])
}

resource "aws_vpc_security_group_egress_rule" "call" {
  for_each = local.inside_calls

  security_group_id            = local.security_group[each.value.from]
  referenced_security_group_id = local.security_group[each.value.to]
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port

  lifecycle {
    precondition {
      condition     = length(local.forgotten) == 0
      error_message = "calls.json has a call that no rule is made for: ${join("; ", local.forgotten)}. Add its ends to calls.tf."
    }
  }
}

resource "aws_vpc_security_group_ingress_rule" "call" {
  for_each = local.inside_calls

  security_group_id            = local.security_group[each.value.to]
  referenced_security_group_id = local.security_group[each.value.from]
  description                  = each.key
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

# SES and Slack have no fixed addresses, so their callers may reach port 443 everywhere; nobody else may.
resource "aws_vpc_security_group_egress_rule" "outside" {
  for_each = local.outside_calls

  security_group_id = local.security_group[each.value[0].from]
  prefix_list_id    = local.outside[each.value[0].to] == "dynamodb" ? module.network.dynamodb_prefix_list_id : null
  cidr_ipv4         = local.outside[each.value[0].to] == "internet" ? "0.0.0.0/0" : null
  description       = "${each.value[0].from} to ${join(", ", each.value[*].to)}"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "endpoints" {
  for_each = toset(local.on_platform)

  security_group_id            = local.security_group[each.key]
  referenced_security_group_id = module.network.endpoints_security_group_id
  description                  = "${each.key} to the private addresses of AWS services"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  for_each = toset(local.on_platform)

  security_group_id            = module.network.endpoints_security_group_id
  referenced_security_group_id = local.security_group[each.key]
  description                  = "${each.key} to the private addresses of AWS services"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

# Layers of images, and the bastion's packages.
resource "aws_vpc_security_group_egress_rule" "s3" {
  for_each = toset(concat(keys(local.programs), local.jobs, ["bastion"]))

  security_group_id = local.security_group[each.key]
  prefix_list_id    = module.network.s3_prefix_list_id
  description       = "${each.key} to S3"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
