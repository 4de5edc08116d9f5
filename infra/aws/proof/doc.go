// Package proof has the tests of the Terraform in infra/aws: that it is formatted and valid,
// that its own tests pass, that its plans follow the rules of package policy, and that the
// daemons get the variables that they read. They need Terraform and its provider. That the
// users of OpenSearch may do what their programs do is tested with a real server and its
// security plugin, which need Java 17 to 23. Each test says so where it cannot run.
package proof
