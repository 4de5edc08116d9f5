package config

// The values of -task.
const (
	taskServe   = "serve"
	taskMigrate = "migrate"
)

// Task defines the flag -task of a daemon that stores in PostgreSQL. database is the flag of the
// URL. After Parse, migrate says whether the daemon only brings the schema up to date, which
// opening the database does, and ends.
func (s *Set) Task(database *string) (migrate func() bool) {
	task := s.OneOf("task", taskServe, "serve: serve until it is stopped; migrate: bring the database's schema up to date and end, "+
		"as a release does before the processes are replaced", taskServe, taskMigrate)
	s.checks = append(s.checks, func() {
		s.Require(*task != taskMigrate || *database != "", "-task migrate needs -database-url")
	})
	return func() bool { return *task == taskMigrate }
}
