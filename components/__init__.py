"""The platform's parts as Pulumi components. They read a plan and nothing else."""
