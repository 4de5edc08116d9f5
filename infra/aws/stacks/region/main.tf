# One region. What the parts are is in modules/; here they are put together.

locals {
  name = "jari-${var.environment}-${var.region_label}"
  path = "/jari/${var.environment}/${var.region_label}" # of parameters and secrets

  boundary = "arn:aws:iam::${var.account_id}:policy/jari-${var.environment}-boundary" # of the stack global

  programs = {
    gateway      = "gatewayd"
    user         = "userd"
    reservation  = "reservationd"
    search       = "searchd"
    notification = "notificationd"
    alerting     = "alertingd"
  }

  # All that a release pushes (infra/images), and the agent's, before there is any digest.
  repositories = [
    "agent", "alertingd", "alertingwatch", "gatewayd", "indexerd", "jari-telemetry", "jarictl", "notificationd",
    "reservationd", "searchd", "userd",
  ]

  # Image to its full name. The repository's address is not asked for, so that a plan shows the image.
  images = {
    for image, digest in var.image_digests :
    image => "${var.account_id}.dkr.ecr.${var.region}.amazonaws.com/${local.name}/${image}@${digest}"
  }
}

module "key" {
  source = "../../modules/key"

  name          = local.name
  region        = var.region
  deletion_days = var.deletion_protection ? 30 : 7
}

module "network" {
  source = "../../modules/network"

  permissions_boundary = local.boundary
  name                 = local.name
  region               = var.region
  cidr                 = var.cidr
  zones                = var.zones
  nat_per_zone         = var.nat_per_zone
  kms_key_arn          = module.key.arn
}

module "registry" {
  source = "../../modules/registry"

  name                = local.name
  repositories        = local.repositories
  kms_key_arn         = module.key.arn
  deletion_protection = var.deletion_protection
}

module "load_balancer" {
  source = "../../modules/load_balancer"

  name                = local.name
  vpc_id              = module.network.vpc_id
  public_subnet_ids   = module.network.public_subnet_ids
  domain_name         = "${var.region_label}.origin.${var.domain}" # as the global stack names the origin
  zone_id             = var.zone_id
  header_secrets      = var.origin_secrets
  deletion_protection = var.deletion_protection
}

module "mail" {
  source = "../../modules/mail"

  name         = local.name
  region       = var.region
  region_label = var.region_label
  domain       = var.domain
  zone_id      = var.zone_id
  dmarc_record = var.primary ? "v=DMARC1; p=quarantine; adkim=s" : null
  kms_key_arn  = module.key.arn
}

module "bastion" {
  source = "../../modules/bastion"

  permissions_boundary = local.boundary
  name                 = local.name
  region               = var.region
  vpc_id               = module.network.vpc_id
  private_subnet_id    = module.network.private_subnet_ids[0]
  public_subnet_id     = module.network.public_subnet_ids[0]
  ssh                  = var.bastion_ssh
  kms_key_arn          = module.key.arn

  targets = merge(
    {
      for i, instance in sort(keys(var.instances)) :
      "postgres-${instance}" => { host = module.rds[instance].address, port = 5432, local_port = 15432 + i }
    },
    { redis = { host = module.cache.address, port = 6379, local_port = 16379 } },
    var.search == null ? {} : { opensearch = { host = module.search[0].endpoint, port = 443, local_port = 19200 } },
  )
}

module "observability" {
  source = "../../modules/observability"

  name                 = local.name
  region               = var.region
  emails               = var.alarm_emails
  load_balancer_suffix = module.load_balancer.arn_suffix
  monthly_budget_usd   = var.monthly_budget_usd
  kms_key_arn          = module.key.arn

  databases = {
    for name, i in var.instances : name => { identifier = module.rds[name].identifier, min_free_gib = max(5, floor(i.initial_gib / 5)) }
  }
  queues = {
    indexer       = module.indexer.failed_queue_name
    alertingwatch = module.alertingwatch.failed_queue_name
    jobs          = module.jobs.failed_queue_name
  }
  stream_functions = {
    indexer = { function_name = module.indexer.name, max_age_seconds = 300 }
  }
}
