# What both halves of the module share: facts of the account, and the data of infra/edge, which the local edge runs too.

data "aws_caller_identity" "this" {}

data "aws_region" "this" {}

locals {
  source_dir = "${path.module}/../../../edge"
  account    = data.aws_caller_identity.this.account_id
  names      = toset(concat([var.domain_name], tolist(var.alternative_names)))

  viewer_request = file("${local.source_dir}/viewer-request.js")
  page_request   = file("${local.source_dir}/page-request.js")

  # The only region that the function's source names. It must have an origin, since it is the answer to every doubt.
  default_region = regex("DEFAULT_REGION = '([a-z0-9-]+)'", local.viewer_request)[0]

  serving = sort([for r in var.regions : r.aws_region if r.serves])
  store = tomap(merge(
    {
      regions = join(" ", local.serving)
      users   = coalesce(var.users_region, local.default_region)
    },
    {
      for key, region in jsondecode(file("${local.source_dir}/countries.json")) :
      key => region if startswith(key, "country/") && contains(local.serving, region)
    },
    merge([for r in var.regions : { for country in r.countries : "country/${country}" => r.aws_region } if r.serves]...),
  ))
}
