# The six services.

resource "aws_ecs_cluster" "this" {
  name = local.name

  # Our own telemetry measures the services; Container Insights would be paid for and looked at by nobody.
  setting {
    name  = "containerInsights"
    value = "disabled"
  }

  configuration {
    managed_storage_configuration {
      fargate_ephemeral_storage_kms_key_id = module.key.arn # the log router's buffer is on it
    }
  }
}

resource "aws_service_discovery_private_dns_namespace" "this" {
  name        = local.internal
  description = "Services of ${local.name}"
  vpc         = module.network.vpc_id
}

locals {
  # Which secret each service gets as which variable.
  secrets_of = {
    gateway = {
      GATEWAY_REDIS_URL   = "redis-url"
      GATEWAY_SIGNING_KEY = "signing-key"
      GATEWAY_REFRESH_KEY = "refresh-key"
    }
    user         = { USER_DATABASE_URL = "postgres-user" }
    reservation  = { RESERVATION_DATABASE_URL = "postgres-reservation" }
    search       = { SEARCH_OPENSEARCH_URL = "opensearch-search" }
    notification = { NOTIFICATION_DATABASE_URL = "postgres-notification" }
    alerting = {
      ALERTING_DATABASE_URL         = "postgres-alerting"
      ALERTING_OPENSEARCH_URL       = "opensearch-alerting"
      ALERTING_SLACK_TOKEN          = "slack-token"
      ALERTING_SLACK_SIGNING_SECRET = "slack-signing-secret"
    }
  }

  sends_mail = [
    {
      sid     = "SendMail"
      actions = ["ses:GetEmailIdentity", "ses:SendEmail", "ses:SendRawEmail"]
      resources = [
        "arn:aws:ses:${var.region}:${var.account_id}:identity/${var.domain}",
        "arn:aws:ses:${var.region}:${var.account_id}:identity/${local.mail_from}",
        module.mail.configuration_set_arn,
      ]
      condition = {}
    },
    {
      # The quota is the account's: AWS knows no resource for it.
      sid       = "AskForTheQuota"
      actions   = ["ses:GetAccount"]
      resources = ["*"]
      condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
    },
  ]

  may = {
    gateway      = []
    user         = []
    reservation  = []
    notification = local.sends_mail
    alerting     = local.sends_mail
    search = [
      {
        sid       = "ReadAndWriteTheCatalogue"
        actions   = ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem"]
        resources = [module.catalogue.arn]
        condition = {}
      },
      {
        sid       = "DecryptIt"
        actions   = ["kms:Decrypt"]
        resources = [module.key.arn]
        condition = { StringEquals = { "kms:ViaService" = "dynamodb.${var.region}.amazonaws.com" } }
      },
    ]
  }

  # RDS keeps some connections for itself; people come through the bastion.
  spare_connections = 15
}

module "service" {
  source   = "../../modules/service"
  for_each = local.programs

  permissions_boundary   = local.boundary
  name                   = local.name
  service                = each.key
  region                 = var.region
  vpc_id                 = module.network.vpc_id
  subnet_ids             = module.network.private_subnet_ids
  cluster                = { arn = aws_ecs_cluster.this.arn, name = aws_ecs_cluster.this.name }
  discovery_namespace_id = aws_service_discovery_private_dns_namespace.this.id
  kms_key_arn            = module.key.arn

  image           = local.images[each.value]
  log_router      = { image = local.images["agent"], secrets = { JARI_OPENSEARCH_URL = local.secret_arns["opensearch-log-router"] } }
  repository_arns = [module.registry.repository_arns[each.value], module.registry.repository_arns["agent"]]

  environment = {
    "${upper(each.key)}_ENVIRONMENT"     = var.environment == "prod" ? "production" : var.environment
    "${upper(each.key)}_SERVICE_VERSION" = var.release
  }
  parameters        = { for k in keys(local.settings[each.key]) : k => aws_ssm_parameter.setting["${each.key}/${k}"].arn }
  secrets           = { for k, secret in local.secrets_of[each.key] : k => local.secret_arns[secret] }
  policy_statements = local.may[each.key]
  # Alive, not ready: a database that is away must not end its services, too.
  health_command = ["CMD", "/${each.value}", "probe", "http://127.0.0.1:8081/healthz"]

  size               = { cpu = var.services[each.key].cpu, memory = var.services[each.key].memory }
  capacity           = { min = var.services[each.key].min, max = var.services[each.key].max }
  scheduled_capacity = lookup(var.scheduled_capacity, each.key, [])

  connections = !contains(keys(local.database_users), each.key) ? null : {
    per_task = var.services[each.key].connections_per_task
    limit    = var.instances[local.instance_of[local.database_users[each.key].database]].max_connections - local.spare_connections
  }

  load_balancer = each.key != "gateway" ? null : {
    target_group_arn     = module.load_balancer.target_group_arn
    target_group_suffix  = module.load_balancer.target_group_arn_suffix
    load_balancer_suffix = module.load_balancer.arn_suffix
    requests_per_target  = var.requests_per_task
  }
}

locals {
  # As in the module service: a drop that began yesterday is over.
  scheduled_max = {
    for service in keys(var.services) : service => [
      for s in lookup(var.scheduled_capacity, service, []) : s.max if timecmp(timeadd("${s.at}Z", "24h"), plantimestamp()) > 0
    ]
  }
}

# Services that share an instance share its connections.
resource "terraform_data" "connections" {
  for_each = var.instances

  input = sum(concat([0], [
    for service, d in local.database_users : module.service[service].most_connections
    if contains(keys(local.programs), service) && contains(each.value.databases, d.database)
  ]))

  lifecycle {
    precondition {
      condition = sum(concat([0], [
        for service, d in local.database_users :
        max(var.services[service].max, local.scheduled_max[service]...) * var.services[service].connections_per_task
        if contains(keys(local.programs), service) && contains(each.value.databases, d.database)
      ])) <= each.value.max_connections - local.spare_connections
      error_message = "The services on ${each.key} could open more connections than it accepts: lower their max, or raise max_connections."
    }
  }
}
