package model

// Status is the status of an execution.
type Status string

// The statuses of an execution. The last four are closed.
const (
	Pending      Status = "pending"
	Running      Status = "running"
	Paused       Status = "paused"
	Compensating Status = "compensating"
	Parked       Status = "parked"
	Completed    Status = "completed"
	Failed       Status = "failed"
	Cancelled    Status = "cancelled"
	Terminated   Status = "terminated"
)

// Closed reports whether no further transition can follow.
func (s Status) Closed() bool {
	return s == Completed || s == Failed || s == Cancelled || s == Terminated
}

// StepStatus is the status of a step.
type StepStatus string

// The statuses of a step. The last four are final.
const (
	StepScheduled StepStatus = "scheduled"
	StepRunning   StepStatus = "running"
	StepWaiting   StepStatus = "waiting"
	StepBackoff   StepStatus = "backoff"
	StepCompleted StepStatus = "completed"
	StepFailed    StepStatus = "failed"
	StepSkipped   StepStatus = "skipped"
	StepCancelled StepStatus = "cancelled"
)

// Outcomes with a meaning of their own.
const (
	Success     = "success"
	OutcomeErr  = "error"
	Rejected    = "rejected"
	Exhausted   = "exhausted"
	Unreachable = "unreachable"
	TimedOut    = "timeout"
	Withdrawn   = "cancelled"
)

// Bad reports whether outcome is one of the bad words of LANGUAGE 2 by itself. The word timeout is bad for waiting
// nodes only; effect steps that run out of time end in error with code timeout.
func Bad(outcome string) bool {
	switch outcome {
	case OutcomeErr, Rejected, Exhausted, Unreachable, TimedOut:
		return true
	}
	return false
}
