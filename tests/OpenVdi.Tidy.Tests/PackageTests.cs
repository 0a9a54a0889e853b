using System.IO.Compression;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace OpenVdi.Tidy.Tests;

/// <summary>The package as a user gets it.</summary>
public sealed class PackageTests
{
    private const string Consumer = """
        using OpenVdi;
        using OpenVdi.Client;
        using OpenVdi.SharedMemory;

        using ClientVirtualDeviceSet set = new(SharedMemoryTransport.Default);
        System.Console.WriteLine(set.CreateEx(null, "back\\slash", new SetConfiguration()).SpecName());
        """;

    private static readonly XNamespace s_msbuild = "";

    [Fact]
    public async Task Pack_OfTheLibrary_IsCleanAndServesAConsumer()
    {
        using Scratch scratch = new();
        ShellResult packed = await Shell.RunAsync(
            Tree.Root, "dotnet", "pack", "src/OpenVdi/OpenVdi.csproj", "-c", Tree.Configuration, "--no-build", "-o",
            Path.Combine(scratch.Path, "packages"), "-nodeReuse:false");
        packed.AssertSucceeded("dotnet pack");
        string version = VersionOfTheTree();
        string package = Path.Combine(scratch.Path, "packages", $"OpenVdi.{version}.nupkg");
        CheckContents(package, version);

        // Only the folder with the package is a source, and nothing of the machine's package folder is used.
        scratch.File("nuget.config", """
            <configuration>
              <packageSources><clear /><add key="here" value="packages" /></packageSources>
            </configuration>
            """);
        scratch.File("consumer.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <RestorePackagesPath>restored</RestorePackagesPath>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="OpenVdi" Version="{version}" /></ItemGroup>
            </Project>
            """);
        scratch.File("Program.cs", Consumer);
        ShellResult built = await Shell.RunAsync(
            scratch.Path, "dotnet", "build", "-nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false");
        built.AssertSucceeded("a consumer's build");
        ShellResult ran = await Shell.RunAsync(scratch.Path, "dotnet", "bin/Debug/net10.0/consumer.dll");
        ran.AssertSucceeded("a consumer's run");
        Assert.Equal("VD_E_INVALID", ran.Output.Trim());
    }

    [Fact]
    public void Library_SaysThatItCanBeTrimmedAndCompiledAhead()
    {
        // The analyzers of both run in every build, and their warnings are errors.
        XElement project = XElement.Parse(Tree.Read("src/OpenVdi/OpenVdi.csproj"));
        Assert.Equal("true", project.Descendants(s_msbuild + "IsAotCompatible").Single().Value);
        Assert.DoesNotContain(project.Descendants("NoWarn"), element => element.Value.Contains("IL", StringComparison.Ordinal));
        using PEReader image = new(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "OpenVdi.dll")));
        MetadataReader reader = image.GetMetadataReader();
        Assert.Contains(
            reader.GetAssemblyDefinition().GetCustomAttributes().Select(handle => reader.GetCustomAttribute(handle)),
            attribute => reader.GetBlobBytes(attribute.Value).AsSpan().IndexOf("IsTrimmable"u8) >= 0);
    }

    [Fact]
    public void Tree_SuppressesNoTrimWarning() => Findings.AssertNone(
        Tree.FilesOf(".cs", "src/OpenVdi").Where(file => Tree.Read(file) is var text
            && (text.Contains("RequiresUnreferencedCode", StringComparison.Ordinal)
                || text.Contains("UnconditionalSuppressMessage", StringComparison.Ordinal))),
        "suppressed trim warnings");

    private static void CheckContents(string package, string version)
    {
        using ZipArchive zip = ZipFile.OpenRead(package);
        string[] names = [.. zip.Entries.Select(entry => entry.FullName)];
        Assert.Contains("README.md", names);
        Assert.Equal(
            ["lib/net10.0/OpenVdi.dll", "lib/net10.0/OpenVdi.xml", "lib/net9.0/OpenVdi.dll", "lib/net9.0/OpenVdi.xml"],
            names.Where(name => name.EndsWith(".dll", StringComparison.Ordinal) || name.StartsWith("lib/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal));

        using Stream stream = zip.GetEntry("OpenVdi.nuspec")!.Open();
        XElement metadata = XDocument.Load(stream).Root!.Elements().Single();
        string? Of(string name) => metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value;
        Assert.Equal(("OpenVdi", version, "MIT", "README.md"), (Of("id"), Of("version"), Of("license"), Of("readme")));
        Assert.NotEmpty(Of("description")!);
        Assert.DoesNotContain(metadata.Descendants(), element => element.Name.LocalName == "dependency");
    }

    private static string VersionOfTheTree() =>
        XElement.Parse(Tree.Read("Directory.Build.props")).Descendants("Version").Single().Value;
}
