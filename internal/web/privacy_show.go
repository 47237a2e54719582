package web

const policyVersion = "1"
