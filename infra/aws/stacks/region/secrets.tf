# Secrets. Terraform makes passwords and writes them once. What only people have (keys, Slack's token) they store
# themselves: aws secretsmanager put-secret-value.

locals {
  # A user of PostgreSQL for each program, named after it.
  database_users = {
    user          = { database = "users", variable = "USER_DATABASE_URL" }
    reservation   = { database = "reservation", variable = "RESERVATION_DATABASE_URL" }
    notification  = { database = "notification", variable = "NOTIFICATION_DATABASE_URL" }
    alerting      = { database = "alerting", variable = "ALERTING_DATABASE_URL" }
    alertingwatch = { database = "alerting", variable = "ALERTINGWATCH_DATABASE_URL" }
  }

  instance_of = merge([for name, i in var.instances : { for d in i.databases : d => name }]...)

  # A user of OpenSearch for each caller, and what he may do. The two jobs of telemetry share one.
  opensearch_roles = jsondecode(file("${path.module}/../../opensearch-roles.json"))
  opensearch_users = {
    search     = "search/SEARCH_OPENSEARCH_URL"
    indexer    = "indexer/INDEXER_OPENSEARCH_URL"
    alerting   = "alerting/ALERTING_OPENSEARCH_URL"
    log-router = "log-router/JARI_OPENSEARCH_URL"
    telemetry  = "telemetry/JARI_OPENSEARCH_URL"
  }

  # Passwords alone. They are apart from the URLs, because the parts whose addresses the URLs have need some of them.
  passwords = merge(
    {
      for name, i in var.instances : "master-${name}" => {
        path        = "postgres/${name}/master"
        description = "Password of jari_admin on the instance ${name}"
      } if i.copied
    },
    { redis-token = { path = "redis/token", description = "Password of Redis" } },
    var.search == null ? {} : {
      opensearch-master = { path = "opensearch/master", description = "Password of jari_admin in OpenSearch" }
    },
  )

  # URLs with a password each, in place of %s.
  urls = merge(
    {
      for program, d in local.database_users : "postgres-${program}" => {
        path        = "${program}/${d.variable}"
        description = "URL of the database ${d.database}, with the user ${program}"
        template = join("", [
          "postgres://${program}:%s@${module.rds[local.instance_of[d.database]].address}:5432/${d.database}",
          "?sslmode=verify-full&sslrootcert=/etc/ssl/certs/rds-ca.pem",
        ])
      }
      # The users of a copy are those of its source, whose passwords this region does not know.
      if var.instances[local.instance_of[d.database]].replica_of == null
    },
    {
      for user, path in local.opensearch_users : "opensearch-${user}" => {
        path        = path
        description = "URL of OpenSearch, with the user ${user}"
        template    = "https://${user}:%s@${local.opensearch_host}"
      }
    },
  )

  by_people = merge(
    {
      signing-key = {
        path        = "gateway/GATEWAY_SIGNING_KEY"
        description = "PEM of the keys that sign access tokens, the current one first; equal in all regions"
      }
      refresh-key = {
        path        = "gateway/GATEWAY_REFRESH_KEY"
        description = "Key that derives refresh tokens"
      }
      slack-token = {
        path        = "alerting/ALERTING_SLACK_TOKEN"
        description = "Token of the Slack bot"
      }
      slack-signing-secret = {
        path        = "alerting/ALERTING_SLACK_SIGNING_SECRET"
        description = "Signing secret of the Slack app"
      }
    },
    {
      for program, d in local.database_users : "postgres-${program}" => {
        path        = "${program}/${d.variable}"
        description = "URL of the copy of the database ${d.database}, with the password from the source's region"
      }
      if var.instances[local.instance_of[d.database]].replica_of != null
    },
  )

  # Names that are known before anything is created.
  url_names = toset(concat(
    [for program, d in local.database_users : "postgres-${program}" if var.instances[local.instance_of[d.database]].replica_of == null],
    [for user in keys(local.opensearch_users) : "opensearch-${user}"],
  ))

  generation = {
    for name in setunion(keys(local.passwords), local.url_names) : name => lookup(var.secret_generations, name, 1)
  }

  recovery_days = var.deletion_protection ? 30 : 0
}

ephemeral "aws_secretsmanager_random_password" "this" {
  for_each = setunion(keys(local.passwords), local.url_names)

  password_length = 40
  # The password stands in URLs: "-" and "_" need no encoding there, and OpenSearch wants a punctuation mark.
  exclude_characters         = "!\"#$%&'()*+,./:;<=>?@[\\]^`{|}~"
  require_each_included_type = true
}

module "password" {
  source   = "../../modules/secret"
  for_each = local.passwords

  name          = "${local.path}/${each.value.path}"
  description   = each.value.description
  kms_key_arn   = module.key.arn
  value         = ephemeral.aws_secretsmanager_random_password.this[each.key].random_password
  generation    = local.generation[each.key]
  recovery_days = local.recovery_days
}

module "url" {
  source   = "../../modules/secret"
  for_each = local.url_names

  name          = "${local.path}/${local.urls[each.key].path}"
  description   = local.urls[each.key].description
  kms_key_arn   = module.key.arn
  value         = format(local.urls[each.key].template, ephemeral.aws_secretsmanager_random_password.this[each.key].random_password)
  generation    = local.generation[each.key]
  recovery_days = local.recovery_days
}

module "secret_by_people" {
  source   = "../../modules/secret"
  for_each = local.by_people

  name          = "${local.path}/${each.value.path}"
  description   = each.value.description
  kms_key_arn   = module.key.arn
  recovery_days = local.recovery_days
}

# The provider has no write-only argument for these two, so they are read back, and are in the state.
data "aws_secretsmanager_secret_version" "redis_token" {
  secret_id = module.password["redis-token"].arn
}

data "aws_secretsmanager_secret_version" "opensearch_master" {
  count = var.search == null ? 0 : 1

  secret_id = module.password["opensearch-master"].arn
}

module "redis_url" {
  source = "../../modules/secret"

  name          = "${local.path}/gateway/GATEWAY_REDIS_URL"
  description   = "URL of Redis with its password"
  kms_key_arn   = module.key.arn
  value         = "rediss://:${data.aws_secretsmanager_secret_version.redis_token.secret_string}@${module.cache.address}:6379/0"
  generation    = local.generation["redis-token"]
  recovery_days = local.recovery_days
}

locals {
  secret_arns = merge(
    { for name, s in module.url : name => s.arn },
    { for name, s in module.secret_by_people : name => s.arn },
    { redis-url = module.redis_url.arn },
  )
}
