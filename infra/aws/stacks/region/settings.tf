# Settings of the programs. They are SSM parameters, so that an operator can change one and deploy again without Terraform;
# the next apply writes them as they are here.

locals {
  internal = "${var.region_label}.jari.internal"
  url      = { for s in keys(local.programs) : s => "http://${s}.${local.internal}:8080" }

  index_alias = "jari-catalogue-${var.region_label}"
  mail_from   = "no-reply@${var.domain}"
  ops         = "https://ops.${var.domain}"

  # Alerts about one region, of which each alertingd evaluates its own: the others' telemetry is not here.
  regional_rules = [
    "edge-availability-kr", "edge-availability-us", "region-silent-kr", "region-silent-us", "service-silent-kr", "service-silent-us",
  ]

  # An empty value is left out: SSM refuses it, and the program has a default.
  defaults = {
    gateway = {
      GATEWAY_USER_URL        = local.url.user
      GATEWAY_RESERVATION_URL = local.url.reservation
      GATEWAY_SEARCH_URL      = local.url.search
      GATEWAY_ISSUER          = "https://${var.domain}" # the same in all regions: each accepts the others' tokens
      GATEWAY_PUBLIC_URL      = "https://${var.domain}"
    }
    user = {}
    reservation = {
      RESERVATION_NOTIFICATION_URL = local.url.notification
      RESERVATION_USER_URL         = local.url.user
    }
    search = {
      SEARCH_CATALOGUE_INDEX  = local.index_alias
      SEARCH_CATALOGUE_TABLE  = module.catalogue.name
      SEARCH_AWS_ENDPOINT_URL = "aws"
    }
    notification = {
      NOTIFICATION_USER_URL         = local.url.user
      NOTIFICATION_SEARCH_URL       = local.url.search
      NOTIFICATION_AWS_ENDPOINT_URL = "aws"
      NOTIFICATION_MAIL_FROM        = local.mail_from
    }
    alerting = {
      ALERTING_SLACK_URL        = "https://slack.com/api/"
      ALERTING_AWS_ENDPOINT_URL = "aws"
      ALERTING_MAIL_FROM        = local.mail_from
      ALERTING_MAIL_TO          = var.on_call_email
      ALERTING_RUNBOOK_URL      = "${local.ops}/runbooks/{slo}"
      ALERTING_DASHBOARD_URL    = "${local.ops}/dashboards/{dashboard}?from={from}&to={to}"
      ALERTING_TRACE_URL        = "${local.ops}/traces/{trace}"
      # The indexer is a function, which runs only when there is something to do, so that its silence means nothing.
      ALERTING_WITHOUT = join(",", concat(
        ["catalogue-freshness", "indexer"],
        [for r in local.regional_rules : r if !endswith(r, "-${var.region_label}")],
      ))
    }
  }

  settings = {
    for service, d in local.defaults : service => {
      for k, v in merge(
        { "${upper(service)}_LOG_LEVEL" = "INFO", "${upper(service)}_TRACE_CEILING" = "200" },
        d,
        lookup(var.settings, service, {}),
      ) : k => v
    }
  }

  # One map for for_each: "gateway/GATEWAY_ISSUER" to its value.
  parameters = merge([for service, m in local.settings : { for k, v in m : "${service}/${k}" => v }]...)
}

resource "aws_ssm_parameter" "setting" {
  for_each = local.parameters

  name  = "${local.path}/${each.key}"
  type  = "String"
  value = each.value
}
