#!/usr/bin/env bash
# Deploys a release to a region: make deploy ENV=prod-kr RELEASE=release.tfvars.json
# Without RELEASE, the release that runs there, with the Terraform of this clone. DROPS=drops.tfvars.json are the drops for
# which tasks start ahead (jarictl drops plan -output json); without it, those of the deployment before.
#
#   1. The jobs get the new images.
#   2. The schemas of the databases are migrated, and the users and roles of OpenSearch written, each by a task that runs
#      once. The processes of the release before must go on working with the new schema. A task that fails ends the
#      deployment, and nothing was replaced.
#   3. Everything is applied: ECS replaces the tasks, and rolls back a service whose new tasks do not become healthy.
#   4. The release and the drops are noted, for a later run without them.
set -euo pipefail

environment=${1:?which one, such as prod-kr}
release=${2:-}
drops=${3:-}
[ -z "$release" ] || release=$(realpath "$release")
[ -z "$drops" ] || drops=$(realpath "$drops")
cd "$(dirname "$0")/stacks/region"
[ -f "../../envs/$environment.tfvars" ] || { echo "infra/aws/envs has no $environment.tfvars" >&2; exit 2; }
say() { echo "deploy $environment: $*"; }

terraform init -input=false -reconfigure -backend-config="../../envs/$environment.s3.tfbackend" >/dev/null
region=$(sed -n 's/^region *= *"\(.*\)"/\1/p' "../../envs/$environment.tfvars")
export AWS_REGION=$region
if [ -z "${TF_VAR_origin_secrets:-}" ]; then
  secret=$(aws secretsmanager get-secret-value --secret-id "/jari/${environment%-*}/origin-secret" --query SecretString --output text)
  export TF_VAR_origin_secrets="[\"$secret\"]"
fi
bucket="s3://$(terraform output -raw package_bucket)"
if [ -z "$release" ]; then
  release=$PWD/release.tfvars.json
  aws s3 cp --only-show-errors "$bucket/release.tfvars.json" "$release"
fi
if [ -z "$drops" ]; then
  drops=$PWD/drops.tfvars.json
  code=0
  aws s3 ls "$bucket/drops.tfvars.json" >/dev/null || code=$?
  case $code in
    0) aws s3 cp --only-show-errors "$bucket/drops.tfvars.json" "$drops" ;;
    1) echo '{"scheduled_capacity": {}}' >"$drops" ;; # none is noted: no deployment had any
    *) echo "$bucket cannot be listed, and a deployment without the drops would forget them" >&2; exit 1 ;;
  esac
fi
arguments=(-input=false -auto-approve "-var-file=../../envs/$environment.tfvars" "-var-file=$release" "-var-file=$drops")

say "new images for the jobs"
# With the rules by which a new job reaches anything.
rules=(
  -target=aws_vpc_security_group_egress_rule.call -target=aws_vpc_security_group_ingress_rule.call
  -target=aws_vpc_security_group_egress_rule.endpoints -target=aws_vpc_security_group_ingress_rule.endpoints
  -target=aws_vpc_security_group_egress_rule.s3 -target=aws_vpc_security_group_egress_rule.outside
)
terraform apply "${arguments[@]}" -target=module.jobs "${rules[@]}"

cluster=$(terraform output -raw cluster_name)
network=$(terraform output -json job_network)
jobs=$(terraform output -json jobs_before_tasks | jq -er '.[]') # in a list of "for" a failure would be ignored
for job in $jobs; do
  say "$job"
  definition=$(terraform output -json job_task_definition_arns | jq -r --arg job "$job" '.[$job]')
  placement=$(jq -c --arg job "$job" '{awsvpcConfiguration: {subnets: .subnets, securityGroups: [.security_groups[$job]]}}' <<<"$network")
  task=$(aws ecs run-task --cluster "$cluster" --launch-type FARGATE --task-definition "$definition" \
    --network-configuration "$placement" --query 'tasks[0].taskArn' --output text)
  aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"
  code=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --query 'tasks[0].containers[0].exitCode' --output text)
  if [ "$code" != 0 ]; then
    say "$job ended with $code: its log group ends in /jobs/$job. Nothing was replaced." >&2
    exit 1
  fi
done

say "everything"
terraform apply "${arguments[@]}"
aws s3 cp --only-show-errors "$release" "$bucket/release.tfvars.json"
aws s3 cp --only-show-errors "$drops" "$bucket/drops.tfvars.json"
say "done"
