# Everything that keeps data.

module "rds" {
  source   = "../../modules/rds"
  for_each = var.instances

  permissions_boundary = local.boundary
  name                 = local.name
  instance             = each.key
  vpc_id               = module.network.vpc_id
  subnet_ids           = module.network.database_subnet_ids
  instance_class       = each.value.class
  storage_gib          = { initial = each.value.initial_gib, max = each.value.max_gib }
  max_connections      = each.value.max_connections
  multi_az             = each.value.multi_az
  replica_of           = each.value.replica_of
  kms_key_arn          = module.key.arn

  certificate_authority = var.certificate_authority
  deletion_protection   = var.deletion_protection

  master_password = (
    each.value.copied ? ephemeral.aws_secretsmanager_random_password.this["master-${each.key}"].random_password : null
  )
  master_password_generation = each.value.copied ? local.generation["master-${each.key}"] : 0
}

module "cache" {
  source = "../../modules/cache"

  name                = local.name
  vpc_id              = module.network.vpc_id
  subnet_ids          = module.network.database_subnet_ids
  node_type           = var.cache.node_type
  nodes               = var.cache.nodes
  auth_token          = data.aws_secretsmanager_secret_version.redis_token.secret_string
  kms_key_arn         = module.key.arn
  deletion_protection = var.deletion_protection
}

module "search" {
  source = "../../modules/search"
  count  = var.search == null ? 0 : 1

  name                       = local.name
  region                     = var.region
  vpc_id                     = module.network.vpc_id
  subnet_ids                 = module.network.database_subnet_ids
  instance_type              = var.search.instance_type
  instance_count             = var.search.instance_count
  master_type                = var.search.master_type
  volume_gib                 = var.search.volume_gib
  kms_key_arn                = module.key.arn
  create_service_linked_role = var.primary

  master_user = {
    name     = "jari_admin"
    password = data.aws_secretsmanager_secret_version.opensearch_master[0].secret_string
  }
}

locals {
  opensearch_host = var.search == null ? "opensearch.invalid" : module.search[0].endpoint
}

module "catalogue" {
  source = "../../modules/catalogue"

  name                = local.name
  kms_key_arn         = module.key.arn
  replicas            = var.catalogue_replicas
  deletion_protection = var.deletion_protection
}
