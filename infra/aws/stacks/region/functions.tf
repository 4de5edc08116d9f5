# The two functions and the jobs.

module "indexer" {
  source = "../../modules/function"

  permissions_boundary = local.boundary
  name                 = local.name
  function             = "indexer"
  region               = var.region
  package              = { bucket = module.registry.package_bucket, key = "indexerd/${var.package_digests["indexerd"]}.zip" }
  vpc                  = { vpc_id = module.network.vpc_id, subnet_ids = module.network.private_subnet_ids }
  stream               = { arn = module.catalogue.stream_arn }
  environment          = local.indexer_environment
  secrets              = { INDEXER_OPENSEARCH_URL = local.secret_arns["opensearch-indexer"] }
  kms_key_arn          = module.key.arn
}

# The dead man's switch. It is the last one to speak when alerting is silent, so it depends on as little as possible.
module "alertingwatch" {
  source = "../../modules/function"

  permissions_boundary = local.boundary
  name                 = local.name
  function             = "alertingwatch"
  region               = var.region
  package              = { bucket = module.registry.package_bucket, key = "alertingwatch/${var.package_digests["alertingwatch"]}.zip" }
  vpc                  = { vpc_id = module.network.vpc_id, subnet_ids = module.network.private_subnet_ids }
  schedule             = "rate(1 minute)"
  concurrency          = 1
  secrets              = { ALERTINGWATCH_DATABASE_URL = local.secret_arns["postgres-alertingwatch"] }
  kms_key_arn          = module.key.arn

  policy_statements = concat(local.sends_mail, [{
    sid       = "RememberWhatWasMailed"
    actions   = ["ssm:GetParameter", "ssm:PutParameter"]
    resources = ["arn:aws:ssm:${var.region}:${var.account_id}:parameter${local.watch_state}"]
    condition = {}
  }])

  environment = {
    ALERTINGWATCH_ENVIRONMENT      = var.environment == "prod" ? "production" : var.environment
    ALERTINGWATCH_SERVICE_VERSION  = var.release
    ALERTINGWATCH_AWS_ENDPOINT_URL = "aws"
    ALERTINGWATCH_MAIL_FROM        = local.mail_from
    ALERTINGWATCH_MAIL_TO          = var.on_call_email
    ALERTINGWATCH_STATE_PARAMETER  = local.watch_state # the function has no disk that lasts
  }
}

locals {
  # The services whose databases have a schema. A release migrates it before it replaces the tasks.
  migrating = ["user", "reservation", "notification", "alerting"]

  # A migration also makes the database and its users, if they are missing, as the administrator of the instance. In a copy
  # they are those of its source.
  administrators = {
    for service in local.migrating : service => var.instances[local.instance_of[local.database_users[service].database]].replica_of != null ? {
      environment = {}, secrets = {}
      } : {
      environment = {
        "${upper(service)}_ADMIN_DATABASE_URL" = join("", [
          "postgres://jari_admin@${module.rds[local.instance_of[local.database_users[service].database]].address}:5432/postgres",
          "?sslmode=verify-full&sslrootcert=/etc/ssl/certs/rds-ca.pem",
        ])
      }
      secrets = {
        "${upper(service)}_ADMIN_PASSWORD" = local.master_passwords[local.instance_of[local.database_users[service].database]]
      }
    }
  }

  # RDS keeps the password as a member of a JSON object; that of an instance with a copy is ours.
  master_passwords = {
    for name, i in var.instances : name => (
      i.copied ? module.password["master-${name}"].arn : "${module.rds[name].master_secret_arn}:password::"
    ) if i.replica_of == null
  }

  watch_state = "${local.path}/alertingwatch/state" # the function makes it

  indexer_environment = {
    INDEXER_ENVIRONMENT      = var.environment == "prod" ? "production" : var.environment
    INDEXER_SERVICE_VERSION  = var.release
    INDEXER_AWS_ENDPOINT_URL = "aws"
    INDEXER_CATALOGUE_INDEX  = local.index_alias
    INDEXER_CATALOGUE_TABLE  = module.catalogue.name
  }
}

module "jobs" {
  source = "../../modules/jobs"

  permissions_boundary = local.boundary
  name                 = local.name
  region               = var.region
  vpc_id               = module.network.vpc_id
  subnet_ids           = module.network.private_subnet_ids
  cluster_arn          = aws_ecs_cluster.this.arn
  kms_key_arn          = module.key.arn

  jobs = merge({
    for service in local.migrating : "migrate-${service}" => {
      image          = local.images[local.programs[service]]
      repository_arn = module.registry.repository_arns[local.programs[service]]
      command        = ["-task", "migrate"]
      environment = merge({
        "${upper(service)}_ENVIRONMENT"     = var.environment == "prod" ? "production" : var.environment
        "${upper(service)}_CLOUD_REGION"    = var.region
        "${upper(service)}_SERVICE_VERSION" = var.release
      }, local.administrators[service].environment)
      secrets = merge(
        { "${upper(service)}_DATABASE_URL" = local.secret_arns["postgres-${service}"] },
        local.administrators[service].secrets,
        service == "alerting" ? { ALERTING_READER_DATABASE_URL = local.secret_arns["postgres-alertingwatch"] } : {},
      )
    }
    }, {
    opensearch-access = {
      image          = local.images["jari-telemetry"]
      repository_arn = module.registry.repository_arns["jari-telemetry"]
      command        = ["access"]
      environment = {
        JARI_OPENSEARCH_URL   = "https://jari_admin@${local.opensearch_host}"
        JARI_OPENSEARCH_ROLES = jsonencode(local.opensearch_roles)
      }
      secrets = merge(
        { for password in var.search == null ? [] : ["opensearch-master"] : "JARI_OPENSEARCH_PASSWORD" => module.password[password].arn },
        {
          for user in keys(local.opensearch_roles) :
          "JARI_OPENSEARCH_USER_${upper(replace(user, "-", "_"))}" => local.secret_arns["opensearch-${user}"]
        },
      )
    }
    telemetry-setup = {
      image          = local.images["jari-telemetry"]
      repository_arn = module.registry.repository_arns["jari-telemetry"]
      command        = ["setup"]
      secrets        = { JARI_OPENSEARCH_URL = local.secret_arns["opensearch-telemetry"] }
    }
    telemetry-prune = {
      image          = local.images["jari-telemetry"]
      repository_arn = module.registry.repository_arns["jari-telemetry"]
      command        = ["prune"]
      schedule       = "cron(30 18 * * ? *)" # 03:30 in Seoul
      secrets        = { JARI_OPENSEARCH_URL = local.secret_arns["opensearch-telemetry"] }
    }
    index-rebuild = {
      image          = local.images["indexerd"]
      repository_arn = module.registry.repository_arns["indexerd"]
      command        = ["--task", "rebuild"]
      cpu            = 512
      memory         = 1024
      environment    = merge(local.indexer_environment, { INDEXER_CLOUD_REGION = var.region })
      secrets        = { INDEXER_OPENSEARCH_URL = local.secret_arns["opensearch-indexer"] }
      policy_statements = [
        { sid = "ReadTheCatalogue", actions = ["dynamodb:DescribeTable", "dynamodb:Scan"], resources = [module.catalogue.arn] },
        { sid = "DecryptIt", actions = ["kms:Decrypt"], resources = [module.key.arn] },
      ]
    }
  })
}
