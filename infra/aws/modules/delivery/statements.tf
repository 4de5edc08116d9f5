# What the two roles may do. Each entry of a list is a statement: actions, resources, and conditions in equals. Where a
# resource is "*", the line above says why.

locals {
  ours = { "aws:ResourceTag/Project" = ["jari"] }
  arn  = "arn:aws:%s:*:${local.account}:%s"

  statements = {
    # Pull requests: `plan -refresh=false -lock=false`. It reads the state and what the stacks' data sources ask for, two
    # secrets among that, and a random text for each password that it would not use.
    plan = [
      { actions = ["s3:ListBucket"], resources = [local.state_arn] },
      { actions = ["s3:GetObject"], resources = ["${local.state_arn}/${var.environment}/*"] },
      { actions = ["kms:Decrypt"], resources = [var.state_key_arn] },
      {
        actions = [
          "ec2:DescribeAvailabilityZones", "ec2:DescribeImages", "ec2:DescribeManagedPrefixLists",
          "ec2:GetManagedPrefixListEntries", "route53:GetHostedZone", "route53:ListHostedZones",
        ]
        resources = ["*"] # lists: AWS knows no narrower resource for them
      },
      # Images of Amazon Linux, by name
      { actions = ["ssm:GetParameter"], resources = ["arn:aws:ssm:*::parameter/aws/service/*"] },
      # The passwords that are in the state anyway (stacks/region/secrets.tf).
      {
        actions = ["secretsmanager:GetSecretValue"]
        resources = [
          for path in ["redis/token", "opensearch/master"] :
          format(local.arn, "secretsmanager", "secret:/jari/${var.environment}/*/${path}-*")
        ]
      },
      {
        actions   = ["kms:Decrypt"]
        resources = [format(local.arn, "kms", "key/*")] # ids are made by AWS; the tag says which are ours
        equals    = local.ours
      },
      {
        actions   = ["secretsmanager:GetRandomPassword"]
        resources = ["*"] # a random text is no resource
      },
    ]

    state = [
      { actions = ["s3:ListBucket"], resources = [local.state_arn] },
      { actions = ["s3:GetObject", "s3:PutObject"], resources = ["${local.state_arn}/${var.environment}/*.tfstate"] },
      {
        actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        resources = ["${local.state_arn}/${var.environment}/*.tflock"]
      },
      { actions = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], resources = [var.state_key_arn] },
    ]

    network = [
      {
        actions   = ["ec2:Describe*", "ec2:GetManagedPrefixListEntries", "elasticloadbalancing:Describe*"]
        resources = ["*"] # lists: AWS knows no narrower resource for them
      },
      {
        actions = [
          "ec2:AllocateAddress", "ec2:CreateFlowLogs", "ec2:CreateInternetGateway", "ec2:CreateNatGateway", "ec2:CreateRouteTable",
          "ec2:CreateSecurityGroup", "ec2:CreateSubnet", "ec2:CreateTags", "ec2:CreateVpc", "ec2:CreateVpcEndpoint",
          "ec2:ImportKeyPair", "ec2:RunInstances",
        ]
        resources = ["*"] # what is created has no ARN yet, and some parts of these calls have no tags
      },
      {
        actions = [
          "ec2:AssociateAddress", "ec2:AssociateRouteTable", "ec2:AttachInternetGateway", "ec2:AuthorizeSecurityGroupEgress",
          "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateRoute", "ec2:DeleteFlowLogs", "ec2:DeleteInternetGateway", "ec2:DeleteKeyPair",
          "ec2:DeleteNatGateway", "ec2:DeleteRoute", "ec2:DeleteRouteTable", "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet",
          "ec2:DeleteTags", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints", "ec2:DetachInternetGateway", "ec2:DisassociateAddress",
          "ec2:DisassociateRouteTable", "ec2:ModifyInstanceAttribute", "ec2:ModifyInstanceMetadataOptions",
          "ec2:ModifySecurityGroupRules", "ec2:ModifySubnetAttribute", "ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint",
          "ec2:ReleaseAddress", "ec2:ReplaceRoute", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress",
          "ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances", "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
          "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        ]
        resources = ["*"] # ids are made by AWS; the tag says which are ours
        equals    = local.ours
      },
      {
        actions = [
          "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener", "elasticloadbalancing:CreateLoadBalancer",
          "elasticloadbalancing:CreateRule", "elasticloadbalancing:CreateTargetGroup", "elasticloadbalancing:DeleteListener",
          "elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteRule", "elasticloadbalancing:DeleteTargetGroup",
          "elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyListenerAttributes",
          "elasticloadbalancing:ModifyLoadBalancerAttributes", "elasticloadbalancing:ModifyRule",
          "elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes",
          "elasticloadbalancing:RemoveTags", "elasticloadbalancing:SetRulePriorities", "elasticloadbalancing:SetSecurityGroups",
          "elasticloadbalancing:SetSubnets",
        ]
        resources = [
          for r in ["listener", "listener-rule", "loadbalancer"] : format(local.arn, "elasticloadbalancing", "${r}/app/${var.name}-*")
        ]
      },
      {
        actions = [
          "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateTargetGroup", "elasticloadbalancing:DeleteTargetGroup",
          "elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes",
          "elasticloadbalancing:RemoveTags",
        ]
        resources = [format(local.arn, "elasticloadbalancing", "targetgroup/${var.name}-*")]
      },
    ]

    compute = [
      {
        actions = [
          "application-autoscaling:Describe*", "application-autoscaling:ListTagsForResource", "ecr:DescribeRepositories",
          "ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "ecs:List*", "events:ListRules",
          "lambda:ListEventSourceMappings", "scheduler:List*", "servicediscovery:GetOperation", "servicediscovery:List*",
        ]
        resources = ["*"] # lists: AWS knows no narrower resource for them
      },
      {
        actions   = ["ecs:DeregisterTaskDefinition"]
        resources = ["*"] # AWS knows no narrower resource for it; a registered definition runs nothing by itself
      },
      {
        actions = [
          "ecs:CreateCluster", "ecs:CreateService", "ecs:DeleteCluster", "ecs:DeleteService", "ecs:DescribeClusters",
          "ecs:DescribeServices", "ecs:DescribeTasks", "ecs:PutClusterCapacityProviders", "ecs:RegisterTaskDefinition",
          "ecs:RunTask", "ecs:StopTask", "ecs:TagResource", "ecs:UntagResource", "ecs:UpdateCluster",
          "ecs:UpdateClusterSettings", "ecs:UpdateService",
        ]
        resources = [
          for r in ["cluster/${var.name}-*", "service/${var.name}-*", "task/${var.name}-*", "task-definition/${var.name}-*"] :
          format(local.arn, "ecs", r)
        ]
      },
      {
        actions = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:CreateRepository",
          "ecr:DeleteLifecyclePolicy", "ecr:DeleteRepository", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer",
          "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy", "ecr:InitiateLayerUpload", "ecr:ListTagsForResource",
          "ecr:PutImage", "ecr:PutImageScanningConfiguration", "ecr:PutImageTagMutability", "ecr:PutLifecyclePolicy",
          "ecr:SetRepositoryPolicy", "ecr:TagResource", "ecr:UntagResource", "ecr:UploadLayerPart",
        ]
        resources = [format(local.arn, "ecr", "repository/${var.name}*")]
      },
      {
        actions = [
          "application-autoscaling:DeleteScalingPolicy", "application-autoscaling:DeleteScheduledAction",
          "application-autoscaling:DeregisterScalableTarget", "application-autoscaling:PutScalingPolicy",
          "application-autoscaling:PutScheduledAction", "application-autoscaling:RegisterScalableTarget",
          "application-autoscaling:TagResource", "application-autoscaling:UntagResource",
        ]
        resources = [format(local.arn, "application-autoscaling", "scalable-target/*")] # ids are made by AWS
      },
      {
        actions   = ["servicediscovery:CreateHttpNamespace", "servicediscovery:CreatePrivateDnsNamespace", "servicediscovery:CreateService"]
        resources = ["*"] # what is created has no ARN yet
      },
      {
        actions = [
          "servicediscovery:DeleteNamespace", "servicediscovery:DeleteService", "servicediscovery:GetNamespace",
          "servicediscovery:GetService", "servicediscovery:TagResource", "servicediscovery:UntagResource",
          "servicediscovery:UpdateService",
        ]
        resources = [format(local.arn, "servicediscovery", "namespace/*"), format(local.arn, "servicediscovery", "service/*")]
      },
      {
        actions = [
          "lambda:AddPermission", "lambda:CreateFunction", "lambda:DeleteFunction", "lambda:DeleteFunctionConcurrency",
          "lambda:DeleteFunctionEventInvokeConfig", "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig",
          "lambda:GetFunctionConfiguration", "lambda:GetFunctionEventInvokeConfig", "lambda:GetPolicy",
          "lambda:ListTags", "lambda:ListVersionsByFunction", "lambda:PublishVersion", "lambda:PutFunctionConcurrency",
          "lambda:PutFunctionEventInvokeConfig", "lambda:RemovePermission", "lambda:TagResource", "lambda:UntagResource",
          "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
        ]
        resources = [format(local.arn, "lambda", "function:${var.name}-*")]
      },
      {
        actions = [
          "lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:GetEventSourceMapping",
          "lambda:ListTags", "lambda:TagResource", "lambda:UpdateEventSourceMapping",
        ]
        resources = [format(local.arn, "lambda", "event-source-mapping:*")] # ids are made by AWS
      },
      {
        actions = [
          "scheduler:CreateSchedule", "scheduler:CreateScheduleGroup", "scheduler:DeleteSchedule", "scheduler:DeleteScheduleGroup",
          "scheduler:GetSchedule", "scheduler:GetScheduleGroup", "scheduler:ListTagsForResource", "scheduler:TagResource",
          "scheduler:UntagResource", "scheduler:UpdateSchedule",
        ]
        resources = [
          format(local.arn, "scheduler", "schedule/*/${var.name}-*"), format(local.arn, "scheduler", "schedule-group/${var.name}-*"),
        ]
      },
    ]

    data = [
      {
        actions = [
          "elasticache:Describe*", "kms:ListAliases", "rds:Describe*", "dynamodb:ListTables", "ssm:DescribeParameters",
          "secretsmanager:ListSecrets", "es:ListDomainNames",
        ]
        resources = ["*"] # lists: AWS knows no narrower resource for them
      },
      {
        actions = [
          "rds:AddTagsToResource", "rds:CreateDBInstance", "rds:CreateDBInstanceReadReplica", "rds:CreateDBParameterGroup",
          "rds:CreateDBSnapshot", "rds:CreateDBSubnetGroup", "rds:DeleteDBInstance", "rds:DeleteDBParameterGroup",
          "rds:DeleteDBSubnetGroup", "rds:ListTagsForResource", "rds:ModifyDBInstance", "rds:ModifyDBParameterGroup",
          "rds:ModifyDBSubnetGroup", "rds:PromoteReadReplica", "rds:RebootDBInstance", "rds:RemoveTagsFromResource",
          "rds:ResetDBParameterGroup",
        ]
        resources = [for r in ["db", "pg", "snapshot", "subgrp"] : format(local.arn, "rds", "${r}:${var.name}-*")]
      },
      {
        actions = [
          "elasticache:AddTagsToResource", "elasticache:CreateCacheParameterGroup", "elasticache:CreateCacheSubnetGroup",
          "elasticache:CreateReplicationGroup", "elasticache:CreateSnapshot", "elasticache:DeleteCacheParameterGroup",
          "elasticache:DeleteCacheSubnetGroup", "elasticache:DeleteReplicationGroup", "elasticache:IncreaseReplicaCount",
          "elasticache:DecreaseReplicaCount", "elasticache:ListTagsForResource", "elasticache:ModifyCacheParameterGroup",
          "elasticache:ModifyCacheSubnetGroup", "elasticache:ModifyReplicationGroup", "elasticache:RemoveTagsFromResource",
        ]
        resources = [
          for r in ["cluster", "parametergroup", "replicationgroup", "snapshot", "subnetgroup"] :
          format(local.arn, "elasticache", "${r}:${var.name}-*")
        ]
      },
      {
        actions = [
          "es:AddTags", "es:CreateDomain", "es:DeleteDomain", "es:DescribeDomain", "es:DescribeDomainChangeProgress",
          "es:DescribeDomainConfig", "es:DescribeDomains", "es:GetCompatibleVersions", "es:ListTags", "es:RemoveTags",
          "es:UpdateDomainConfig", "es:UpgradeDomain",
        ]
        resources = [format(local.arn, "es", "domain/${var.name}-*")]
      },
      # The name of a global table is the same in all regions. Whoever adds a copy needs the actions on items there.
      {
        actions = [
          "dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
          "dynamodb:Scan", "dynamodb:UpdateItem", "dynamodb:CreateTable", "dynamodb:CreateTableReplica", "dynamodb:DeleteTable", "dynamodb:DeleteTableReplica",
          "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive",
          "dynamodb:ListTagsOfResource", "dynamodb:TagResource", "dynamodb:UntagResource", "dynamodb:UpdateContinuousBackups",
          "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive",
        ]
        resources = [format(local.arn, "dynamodb", "table/${var.name}-*")]
      },
      {
        actions = [
          "sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags",
          "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue",
        ]
        resources = [format(local.arn, "sqs", "${var.name}-*")]
      },
    ]

    secrets = [
      {
        actions = [
          "secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret",
          "secretsmanager:GetResourcePolicy", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
          "secretsmanager:RemoveRegionsFromReplication", "secretsmanager:ReplicateSecretToRegions",
          "secretsmanager:TagResource", "secretsmanager:UntagResource", "secretsmanager:UpdateSecret",
        ]
        resources = [format(local.arn, "secretsmanager", "secret:/jari/${var.environment}/*")]
      },
      # RDS makes the secret of a database's administrator as whoever creates the database, and chooses its name.
      {
        actions   = ["secretsmanager:CreateSecret", "secretsmanager:DescribeSecret", "secretsmanager:TagResource"]
        resources = [format(local.arn, "secretsmanager", "secret:rds!db-*")]
      },
      {
        actions   = ["secretsmanager:GetRandomPassword"]
        resources = ["*"] # a random text is no resource
      },
      {
        actions = [
          "ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource",
          "ssm:PutParameter", "ssm:RemoveTagsFromResource",
        ]
        resources = [format(local.arn, "ssm", "parameter/jari/${var.environment}/*")]
      },
      { actions = ["ssm:GetParameter"], resources = ["arn:aws:ssm:*::parameter/aws/service/*"] },
      # The settings of sessions on the bastion
      {
        actions = [
          "ssm:AddTagsToResource", "ssm:CreateDocument", "ssm:DeleteDocument", "ssm:DescribeDocument",
          "ssm:DescribeDocumentPermission", "ssm:GetDocument", "ssm:ListTagsForResource", "ssm:RemoveTagsFromResource",
          "ssm:UpdateDocument", "ssm:UpdateDocumentDefaultVersion",
        ]
        resources = [format(local.arn, "ssm", "document/${var.name}-*")]
      },
      {
        actions   = ["kms:CreateKey"]
        resources = ["*"] # what is created has no ARN yet
        equals    = { "aws:RequestTag/Project" = ["jari"] }
      },
      # Also for AWS services that use the key for us while they create something.
      {
        actions = [
          "kms:CreateAlias", "kms:CreateGrant", "kms:Decrypt", "kms:DeleteAlias", "kms:DescribeKey", "kms:EnableKeyRotation",
          "kms:Encrypt", "kms:GenerateDataKey*", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags",
          "kms:PutKeyPolicy", "kms:ReEncrypt*",
          "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
        ]
        resources = [format(local.arn, "kms", "key/*")] # ids are made by AWS; the tag says which are ours
        equals    = local.ours
      },
      {
        actions   = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
        resources = [format(local.arn, "kms", "alias/${var.name}-*")]
      },
    ]

    edge = [
      {
        actions = [
          "acm:ListCertificates", "cloudfront:List*", "route53:GetChange", "route53:ListHostedZones", "wafv2:List*",
        ]
        resources = ["*"] # lists: AWS knows no narrower resource for them
      },
      {
        actions   = ["acm:RequestCertificate", "route53:CreateHostedZone"]
        resources = ["*"] # what is created has no ARN yet
      },
      {
        actions = [
          "acm:AddTagsToCertificate", "acm:DeleteCertificate", "acm:DescribeCertificate", "acm:ListTagsForCertificate",
          "acm:RemoveTagsFromCertificate",
        ]
        resources = [format(local.arn, "acm", "certificate/*")] # ids are made by AWS
      },
      {
        actions = [
          "route53:ChangeResourceRecordSets", "route53:ChangeTagsForResource", "route53:GetDNSSEC", "route53:GetHostedZone",
          "route53:ListResourceRecordSets", "route53:ListTagsForResource", "route53:UpdateHostedZoneComment",
        ]
        resources = ["arn:aws:route53:::hostedzone/*"] # ids are made by AWS
      },
      {
        actions = [
          "cloudfront:AssociateAlias", "cloudfront:CreateCachePolicy", "cloudfront:CreateDistribution", "cloudfront:CreateFunction",
          "cloudfront:CreateInvalidation", "cloudfront:CreateKeyValueStore", "cloudfront:CreateOriginAccessControl",
          "cloudfront:CreateOriginRequestPolicy", "cloudfront:CreateResponseHeadersPolicy", "cloudfront:DeleteCachePolicy",
          "cloudfront:DeleteDistribution", "cloudfront:DeleteFunction", "cloudfront:DeleteKeyValueStore",
          "cloudfront:DeleteOriginAccessControl", "cloudfront:DeleteOriginRequestPolicy",
          "cloudfront:DeleteResponseHeadersPolicy", "cloudfront:DescribeFunction", "cloudfront:DescribeKeyValueStore",
          "cloudfront:Get*", "cloudfront:PublishFunction", "cloudfront:TagResource", "cloudfront:UntagResource",
          "cloudfront:UpdateCachePolicy", "cloudfront:UpdateDistribution", "cloudfront:UpdateFunction",
          "cloudfront:UpdateKeyValueStore", "cloudfront:UpdateOriginAccessControl", "cloudfront:UpdateOriginRequestPolicy",
          "cloudfront:UpdateResponseHeadersPolicy", "cloudfront:AllowVendedLogDeliveryForResource",
        ]
        resources = ["arn:aws:cloudfront::${local.account}:*"] # ids are made by AWS, and policies have no tags
      },
      {
        actions = [
          "cloudfront-keyvaluestore:DescribeKeyValueStore", "cloudfront-keyvaluestore:GetKey",
          "cloudfront-keyvaluestore:ListKeys", "cloudfront-keyvaluestore:UpdateKeys",
        ]
        resources = ["arn:aws:cloudfront::${local.account}:key-value-store/*"] # ids are made by AWS
      },
      {
        actions = [
          "wafv2:CreateWebACL", "wafv2:DeleteLoggingConfiguration", "wafv2:DeleteWebACL", "wafv2:GetLoggingConfiguration",
          "wafv2:GetWebACL", "wafv2:PutLoggingConfiguration", "wafv2:TagResource", "wafv2:UntagResource", "wafv2:UpdateWebACL",
        ]
        resources = [
          format(local.arn, "wafv2", "global/webacl/${var.name}-*/*"),
          "arn:aws:wafv2:us-east-1:aws:global/managedruleset/*/*", # the groups of rules, which are AWS's
        ]
      },
      {
        actions = [
          "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:Get*Configuration", "s3:GetAccelerateConfiguration",
          "s3:GetBucket*", "s3:ListBucket", "s3:PutBucket*", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
        ]
        resources = ["arn:aws:s3:::${var.name}-*"]
      },
      # The files of the page and the packages of functions are copied by the same workflow.
      {
        actions   = ["s3:GetObject", "s3:PutObject"]
        resources = ["arn:aws:s3:::${var.name}-page-${local.account}/*", "arn:aws:s3:::${var.name}-*-packages-${local.account}/*"]
      },
    ]

    observability = [
      {
        actions = [
          "cloudwatch:DescribeAlarms", "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:Describe*",
          "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DeleteResourcePolicy",
          "logs:UpdateLogDelivery", "ses:ListEmailIdentities", "sns:ListTopics",
        ]
        resources = ["*"] # lists, and deliveries that AWS services ask for: AWS knows no narrower resource for them
      },
      {
        actions = [
          "logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy",
          "logs:DisassociateKmsKey", "logs:ListTagsForResource", "logs:PutRetentionPolicy", "logs:TagResource",
          "logs:UntagResource",
        ]
        resources = [
          for g in ["/${var.name}-*", "/aws/lambda/${var.name}-*", "/aws/rds/instance/${var.name}-*", "aws-waf-logs-${var.name}-*"] :
          format(local.arn, "logs", "log-group:${g}")
        ]
      },
      {
        actions = [
          "logs:CreateDelivery", "logs:DeleteDelivery", "logs:DeleteDeliveryDestination", "logs:DeleteDeliverySource",
          "logs:GetDelivery", "logs:GetDeliveryDestination", "logs:GetDeliverySource", "logs:ListTagsForResource",
          "logs:PutDeliveryDestination", "logs:PutDeliverySource", "logs:TagResource", "logs:UntagResource",
          "logs:UpdateDeliveryConfiguration",
        ]
        resources = [
          for r in ["delivery:*", "delivery-destination:${var.name}-*", "delivery-source:${var.name}-*"] : format(local.arn, "logs", r)
        ]
      },
      {
        actions = [
          "cloudwatch:DeleteAlarms", "cloudwatch:ListTagsForResource", "cloudwatch:PutCompositeAlarm", "cloudwatch:PutMetricAlarm",
          "cloudwatch:TagResource", "cloudwatch:UntagResource",
        ]
        resources = [format(local.arn, "cloudwatch", "alarm:${var.name}-*")]
      },
      {
        actions = [
          "sns:CreateTopic", "sns:DeleteTopic", "sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListTagsForResource",
          "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:Unsubscribe", "sns:UntagResource",
        ]
        resources = [format(local.arn, "sns", "${var.name}-*")]
      },
      {
        actions = [
          "ses:CreateConfigurationSet", "ses:CreateEmailIdentity", "ses:DeleteConfigurationSet", "ses:DeleteEmailIdentity",
          "ses:GetConfigurationSet", "ses:GetEmailIdentity", "ses:ListTagsForResource", "ses:PutConfigurationSet*",
          "ses:PutEmailIdentity*", "ses:TagResource", "ses:UntagResource",
        ]
        resources = [
          format(local.arn, "ses", "configuration-set/${var.name}-*"),
          format(local.arn, "ses", "identity/*"), # named after the domain, not after us
        ]
      },
      {
        actions = [
          "ses:GetIdentityNotificationAttributes", "ses:SetIdentityHeadersInNotificationsEnabled", "ses:SetIdentityNotificationTopic",
        ]
        resources = ["*"] # of SES's first API, for whose actions AWS knows no resource
      },
      {
        actions = [
          "budgets:ListTagsForResource", "budgets:ModifyBudget", "budgets:TagResource", "budgets:UntagResource", "budgets:ViewBudget",
        ]
        resources = ["arn:aws:budgets::${local.account}:budget/${var.name}-*"]
      },
    ]

    identity = [
      # A role can only be made, or get rights, while it has the boundary.
      {
        actions = [
          "iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary",
          "iam:PutRolePolicy",
        ]
        resources = ["arn:aws:iam::${local.account}:role/${var.name}-*"]
        equals    = { "iam:PermissionsBoundary" = [local.boundary_arn] }
      },
      {
        actions = [
          "iam:DeleteRole", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole",
          "iam:ListRolePolicies", "iam:ListRoleTags", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
          "iam:UpdateRoleDescription",
        ]
        resources = ["arn:aws:iam::${local.account}:role/${var.name}-*"]
      },
      {
        actions = [
          "iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:DeleteInstanceProfile", "iam:GetInstanceProfile",
          "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile", "iam:UntagInstanceProfile",
        ]
        resources = [
          "arn:aws:iam::${local.account}:instance-profile/${var.name}-*", "arn:aws:iam::${local.account}:role/${var.name}-*",
        ]
      },
      {
        actions = [
          "iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:GetPolicy",
          "iam:GetPolicyVersion", "iam:ListPolicyVersions", "iam:TagPolicy", "iam:UntagPolicy",
        ]
        resources = ["arn:aws:iam::${local.account}:policy/${var.name}-*"]
      },
      {
        actions   = ["iam:GetOpenIDConnectProvider"]
        resources = [local.provider_arn]
      },
      {
        actions   = ["iam:PassRole"]
        resources = ["arn:aws:iam::${local.account}:role/${var.name}-*"]
        equals = {
          "iam:PassedToService" = [
            "ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "lambda.amazonaws.com", "monitoring.rds.amazonaws.com",
            "scheduler.amazonaws.com", "vpc-flow-logs.amazonaws.com",
          ]
        }
      },
      {
        actions   = ["iam:CreateServiceLinkedRole"]
        resources = ["arn:aws:iam::${local.account}:role/aws-service-role/*"]
        equals = {
          "iam:AWSServiceName" = [
            "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticache.amazonaws.com",
            "elasticloadbalancing.amazonaws.com", "opensearchservice.amazonaws.com", "rds.amazonaws.com",
            "replication.dynamodb.amazonaws.com", "wafv2.amazonaws.com",
          ]
        }
      },
      # Delivery cannot change its own rights: an administrator applies a change of this module.
      {
        effect = "Deny"
        actions = [
          "iam:AttachRolePolicy", "iam:CreatePolicyVersion", "iam:CreateRole", "iam:DeletePolicy", "iam:DeletePolicyVersion",
          "iam:DeleteRole", "iam:DeleteRolePermissionsBoundary", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PassRole",
          "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:SetDefaultPolicyVersion", "iam:UpdateAssumeRolePolicy",
        ]
        resources = [
          "arn:aws:iam::${local.account}:role/${var.name}-delivery-*", "arn:aws:iam::${local.account}:policy/${var.name}-delivery-*",
          local.boundary_arn,
        ]
      },
      {
        effect    = "Deny"
        actions   = ["iam:DeleteRolePermissionsBoundary"]
        resources = ["*"] # no role at all may lose its boundary
      },
    ]
  }
}
