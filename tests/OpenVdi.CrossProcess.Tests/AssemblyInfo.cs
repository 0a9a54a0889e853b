using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]

// Each test has processes of its own and measures what the machine does with them.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
