using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]

// Each test has processes of its own, and some measure what the machine does with them.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
