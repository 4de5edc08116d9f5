environment  = "prod"
region       = "ap-northeast-2"
region_label = "kr"
primary      = true

# Placeholders: no account exists yet.
account_id    = "123456789012"
domain        = "jari.example"
zone_id       = "Z0123456789ABCDEFGHIJ"
on_call_email = "oncall@jari.example"
alarm_emails  = ["oncall@jari.example"]

cidr  = "10.10.0.0/16"
zones = ["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c"]

services = {
  gateway      = { cpu = 1024, memory = 2048, min = 3, max = 24 }
  user         = { cpu = 1024, memory = 2048, min = 3, max = 12, connections_per_task = 8 }
  reservation  = { cpu = 1024, memory = 2048, min = 3, max = 16, connections_per_task = 23 }
  search       = { cpu = 512, memory = 1024, min = 3, max = 12 }
  notification = { cpu = 512, memory = 1024, min = 2, max = 6, connections_per_task = 8 }
  alerting     = { cpu = 512, memory = 1024, min = 2, max = 2, connections_per_task = 6 }
}

# Users are written here and copied to the other regions. Alerting is not where reservation is, which it watches.
instances = {
  users       = { class = "db.m7g.large", databases = ["users"], copied = true, max_connections = 200 }
  reservation = { class = "db.m7g.xlarge", databases = ["reservation"], initial_gib = 100, max_connections = 400 }
  operations  = { class = "db.t4g.medium", databases = ["alerting", "notification"], max_connections = 100 }
}

cache  = { node_type = "cache.m7g.large", nodes = 3 }
search = { instance_type = "m7g.large.search", instance_count = 3, volume_gib = 200 }

# The other region has a copy of this one's restaurants, encrypted with its own key (terraform output kms_key_arn there).
# Leave it out until that key exists.
catalogue_replicas = {
  us-east-1 = { kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000" }
}

settings = {
  alerting = { ALERTING_DIGEST_ZONE = "Asia/Seoul" }
}

monthly_budget_usd = 3000
