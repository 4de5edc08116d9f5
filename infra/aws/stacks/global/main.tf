# What exists once per environment: the zone, the edge with the page, the secret between edge and load balancers, and the
# roles of delivery. Each region has a stack of its own.

locals {
  name = "jari-${var.environment}"
  # Also names the replicas, so that a region's stack can read it by name where it is.
  origin_secret_name = "/jari/${var.environment}/origin-secret"

  regions = {
    for label, r in var.regions : label => {
      aws_region    = r.aws_region
      origin_domain = "${label}.origin.${var.domain_name}"
      countries     = r.countries
      serves        = r.serves
    }
  }
}

resource "aws_route53_zone" "this" {
  name          = var.domain_name
  comment       = "Jari ${var.environment}"
  force_destroy = !var.deletion_protection
}

# Only AWS may issue certificates for our names.
resource "aws_route53_record" "caa" {
  zone_id = aws_route53_zone.this.zone_id
  name    = var.domain_name
  type    = "CAA"
  ttl     = 3600
  records = ["0 issue \"amazon.com\""]
}

module "page" {
  source = "../../modules/page"

  name                = local.name
  distribution_arn    = module.edge.distribution_arn
  deletion_protection = var.deletion_protection
}

module "edge" {
  source = "../../modules/edge"
  providers = {
    aws = aws.us_east_1
  }

  name                    = local.name
  domain_name             = var.domain_name
  alternative_names       = var.alternative_names
  zone_id                 = aws_route53_zone.this.zone_id
  regions                 = local.regions
  users_region            = var.regions[coalesce(var.users_region, var.primary)].aws_region
  page_bucket_domain_name = module.page.bucket_domain_name
  web_acl_arn             = module.web_acl.arn
  origin_secret           = var.origin_secret
  price_class             = var.price_class
  deletion_protection     = var.deletion_protection
}

module "web_acl" {
  source = "../../modules/web_acl"
  providers = {
    aws = aws.us_east_1
  }

  name                  = local.name
  log_key_arn           = module.edge.log_key_arn
  log_group_name        = module.edge.waf_log_group_name
  rate_limit_per_minute = var.rate_limit_per_minute
}

# One secret with a replica in each other region. AWS's own key, because a key of ours would need a replica per region too,
# and so a provider per region: then a third region would be more than an entry of the map.
resource "aws_secretsmanager_secret" "origin" {
  # checkov:skip=CKV_AWS_149: each region reads it, and keys belong to one region; AWS's own key encrypts it
  name                           = local.origin_secret_name
  description                    = "Header between the edge and the load balancers"
  recovery_window_in_days        = var.deletion_protection ? 30 : 0
  force_overwrite_replica_secret = true # of a region that was away and comes back

  dynamic "replica" {
    for_each = toset([for label, r in var.regions : r.aws_region if label != var.primary])

    content {
      region = replica.value
    }
  }
}

resource "aws_secretsmanager_secret_version" "origin" {
  secret_id                = aws_secretsmanager_secret.origin.id
  secret_string_wo         = var.origin_secret
  secret_string_wo_version = var.origin_secret_generation
}

module "delivery" {
  source = "../../modules/delivery"

  name            = local.name
  environment     = var.environment
  repository      = var.repository
  create_provider = var.create_github_provider
  aws_regions     = toset([for r in var.regions : r.aws_region])
  state_bucket    = var.state_bucket
  state_key_arn   = var.state_key_arn
}
