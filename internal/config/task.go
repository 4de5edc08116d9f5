package config

import "net/url"

// The values of -task.
const (
	taskServe   = "serve"
	taskMigrate = "migrate"
)

// Task is what a daemon that stores in PostgreSQL was started for.
type Task struct {
	task, admin *string
	password    *[]byte
}

// Task defines the flag -task, and those of an administrator of the database's server. database is
// the flag of the URL.
func (s *Set) Task(database *string) Task {
	t := Task{task: s.OneOf("task", taskServe, "serve: serve until it is stopped; migrate: bring the database's schema up to date and end, "+
		"as a release does before the processes are replaced", taskServe, taskMigrate)}
	t.admin = s.URL("admin-database-url", "", "PostgreSQL URL of a user who may make databases and users; -task migrate makes those of "+
		"-database-url if they are missing, and sets the password; empty: they are there")
	t.password = s.Secret("admin-password", 1, "file of the password of -admin-database-url, if it has none")
	s.checks = append(s.checks, func() {
		s.Require(!t.Migrates() || *database != "", "-task migrate needs -database-url")
		s.Require(t.Migrates() || *t.admin == "", "-admin-database-url is for -task migrate")
	})
	return t
}

// Migrates reports whether the daemon only brings the schema up to date, which opening the
// database does, and ends.
func (t Task) Migrates() bool { return *t.task == taskMigrate }

// Admin is the URL of the administrator with the password; "" for none.
func (t Task) Admin() string {
	if *t.admin == "" || len(*t.password) == 0 {
		return *t.admin
	}
	u, err := url.Parse(*t.admin)
	if err != nil {
		return *t.admin // Parse has refused it
	}
	u.User = url.UserPassword(u.User.Username(), string(*t.password))
	return u.String()
}
